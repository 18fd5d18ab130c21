import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Refused } from '#domain/refused.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { LiveSessions } from '../access/live-sessions.js';
import type { RequestContext } from '../request-context.js';
import { RefreshSession } from '../session/refresh-session.js';

/** Gives access tokens for the refresh tokens of providers, all or none, and of nobody else (ucloud-users-api §17). */
export class RefreshProviders extends Command<readonly string[]> {
  constructor(
    readonly refreshTokens: readonly string[],
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(RefreshProviders)
export class RefreshProvidersHandler implements ICommandHandler<RefreshProviders> {
  constructor(
    private readonly commands: CommandBus,
    private readonly refreshTokens: RefreshTokens,
    private readonly sessions: LiveSessions,
  ) {}

  /** @throws Refused `provider-token-unknown`, in the same words whatever is wrong with which of them */
  async execute({ refreshTokens, request }: RefreshProviders): Promise<readonly string[]> {
    try {
      // Before anything happens: a person's token would be spent by being refreshed.
      for (const token of refreshTokens) await this.demandProvider(token, request);
      const refresh = (token: string) => this.commands.execute(new RefreshSession(token, request));
      return (await Promise.all(refreshTokens.map(refresh))).map(({ accessToken }) => accessToken);
    } catch (error) {
      throw error instanceof Refused ? new Refused('provider-token-unknown') : error;
    }
  }

  private async demandProvider(token: string, { now }: RequestContext): Promise<void> {
    const parts = this.refreshTokens.parse(token);
    const { owner } = parts === null ? { owner: null } : await this.sessions.find(parts.sessionId, now);
    if (owner?.kind !== 'provider') throw new Refused('provider-token-unknown');
  }
}
