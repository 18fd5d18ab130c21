import { Strategy } from '@fastify/passport';
import type { CommandBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import type { RequestContext } from '../request-context.js';
import type { GuessSource } from '../throttling/guess-budgets.js';
import { AuthenticatePassword } from './authenticate-password.js';

/** The fields of a login form, once they have been checked. */
export interface PasswordForm {
  readonly username: string;
  readonly password: string;
}

/** Finds out who somebody is by the user name and password of a login form. */
export class PasswordStrategy extends Strategy {
  constructor(
    private readonly commands: CommandBus,
    private readonly source: GuessSource,
    private readonly context: RequestContext,
  ) {
    super('password');
  }

  override async authenticate(request: FastifyRequest): Promise<void> {
    const { username, password } = request.body as PasswordForm;
    const guess = { username, password, source: this.source };
    this.success(await this.commands.execute(new AuthenticatePassword(guess, this.context)));
  }
}
