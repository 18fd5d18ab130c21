import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandPermission } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { ACCESS, type DeclaredAccess } from './access.decorator.js';
import { BearerStrategy } from './bearer.strategy.js';
import { type AuthenticatedCaller, CallerAuthentication } from './caller-authentication.js';
import { runStrategy } from './run-strategy.js';

/** Lets a call through if its caller may make it (ucloud-users-api §2.3; 401: not authenticated, 403: not allowed). */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly bearer: BearerStrategy;

  constructor(
    private readonly reflector: Reflector,
    callers: CallerAuthentication,
  ) {
    this.bearer = new BearerStrategy(callers);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<DeclaredAccess | 'everyone' | undefined>(ACCESS, context.getHandler());
    if (access === 'everyone') return true;
    if (access === undefined) return false;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const caller = await this.callerOf(request, http.getResponse<FastifyReply>(), access);
    if (caller === null && !access.anonymous) throw new Refused('access-token-missing');
    // Also of a call that is refused it is known who made it.
    request.caller = caller;
    if (caller !== null) demandPermission(caller, access);
    return true;
  }

  private async callerOf(request: FastifyRequest, reply: FastifyReply, { anonymous }: DeclaredAccess) {
    try {
      return await runStrategy<AuthenticatedCaller>(this.bearer, request, reply);
    } catch (error) {
      // The same header carries a refresh token on calls that need no caller.
      if (anonymous && error instanceof Refused) return null;
      throw error;
    }
  }
}
