import { Injectable } from '@nestjs/common';
import { type SessionId, type UserId, asSessionId, sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { derivedId } from '../request-context.js';

/** A credential as it is handed to whoever asked for it. */
export interface HandedOutCredential {
  readonly sessionId: SessionId;
  readonly refreshToken: string;
  readonly expiresAt: Date;
  /** Where the log says so. */
  readonly position: Position | undefined;
}

/** The id of a credential that a command issues: the same when it is repeated. @param index among those it issues */
export const credentialIdOf = ({ commandId }: CommandContext, index = 0): SessionId =>
  asSessionId(derivedId(commandId, `credential ${index}`));

/** Opens the sessions that the credentials of services and providers are. */
@Injectable()
export class Credentials {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
  ) {}

  /**
   * Opens a credential that the account has just issued. Repeated with its command it is the same one, opened at the
   * latest now.
   * @param account as it is now, not as it was when it issued it
   * @param origin set where the same secret is needed again: it is made of this and a key of the installation
   * @throws Refused `credential-ended` if it was replaced or revoked since
   */
  async open(
    account: ActiveUser,
    sessionId: SessionId,
    origin: string | undefined,
    createdBy: UserId,
    context: CommandContext,
  ): Promise<HandedOutCredential> {
    const issued = account.credentials.issued.find((credential) => credential.sessionId === sessionId);
    if (issued === undefined) throw new Refused('credential-ended');
    const { endsAt } = issued;
    const { token, secretHash } = this.refreshTokens.issue(sessionId, origin);
    const { state, position } = await this.repository.execute(
      session,
      sessionStream(sessionId),
      { type: 'IssueCredential', owner: account, createdBy, secretHash, endsAt, now: context.now },
      context,
    );
    if (state.status !== 'open') throw new Refused('credential-ended');
    return { sessionId, refreshToken: token, expiresAt: endsAt, position };
  }
}
