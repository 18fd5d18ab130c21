import { type ExecutionContext, SetMetadata, applyDecorators, createParamDecorator } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { CallPermission, Grantee } from '#domain/access/access.js';
import { parseScope } from '#domain/scope.js';
import type { AuthenticatedCaller } from './caller-authentication.js';

/** Who may make a call. */
export interface DeclaredAccess extends CallPermission {
  /** Whether the call is also for those who do not say who they are. */
  readonly anonymous: boolean;
}

export const ACCESS = 'authlog:access';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard, before it looks whether they may; null for who did not say. */
    caller?: AuthenticatedCaller | null;
  }
}

/**
 * Declares who may make a call: its own scope (ucloud-users-api §11) and its roles, or being an auditor; the description says so of
 * authenticated calls in `x-scope` and `x-roles`. A route without a declaration keeps the program from starting (SEC-138).
 */
export const Access = (
  scope: string,
  roles: readonly Grantee[],
  anonymous: 'or-anonymous' | 'authenticated' = 'authenticated',
) =>
  applyDecorators(
    SetMetadata<string, DeclaredAccess>(ACCESS, {
      scope: parseScope(scope),
      roles,
      anonymous: anonymous === 'or-anonymous',
    }),
    ...(anonymous === 'or-anonymous' ? [] : [ApiExtension('x-scope', scope), ApiExtension('x-roles', roles)]),
  );

/** Declares that a call is for everyone and tells nothing about anyone: keys, health. */
export const OpenToEveryone = () => SetMetadata<string, 'everyone'>(ACCESS, 'everyone');

/** The caller of an authenticated call. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): AuthenticatedCaller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === null || caller === undefined) throw new Error('CurrentCaller belongs on calls that are authenticated');
  return caller;
});
