import { Injectable } from '@nestjs/common';
import { MULTI_FACTOR } from '#domain/access/access.js';
import type { OneTimeTokenId, SessionId, UserId } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { type OpenSession, endOf, extendersOf } from '#domain/session/session-state.js';
import { isOfPerson } from '#domain/user/user-events.js';
import { type ActiveUser, nameOf } from '#domain/user/user-state.js';
import type { Position } from '#event-store/event-store.js';
import { Settings } from '#host/settings.js';
import { AccessTokens, type SigningKeyPair, type TokenClaims } from '#tokens/access-token.js';
import { CsrfTokens } from '#tokens/csrf-token.js';
import { ProviderKeys } from '../provider/provider-keys.js';
import { SecondFactors } from '../second-factor/second-factors.js';
import { LiveSessions } from '../access/live-sessions.js';

/** What somebody gets who opened or refreshed a session. */
export interface SessionTokens<RefreshToken extends string | null = string> {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly accessToken: string;
  /** Null only for an extension that cannot be refreshed. */
  readonly refreshToken: RefreshToken;
  readonly csrfToken: string;
  /** Whether the refresh token is another one than before. */
  readonly rotated: boolean;
  /** The absolute end of the session. */
  readonly expiresAt: Date;
  /** Where the log says so. */
  readonly position: Position | undefined;
}

/** A session that is open, and whose it is. */
interface IssuedSession {
  readonly id: SessionId;
  readonly session: OpenSession;
  readonly owner: ActiveUser;
}

/** Says in tokens what the log knows of a session and its owner. */
@Injectable()
export class SessionTokenIssuer {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly csrfTokens: CsrfTokens,
    private readonly sessions: LiveSessions,
    private readonly secondFactors: SecondFactors,
    private readonly providerKeys: ProviderKeys,
    private readonly settings: Settings,
  ) {}

  async issue<RefreshToken extends string | null>(
    { id, session, owner, position }: IssuedSession & { readonly position: Position | undefined },
    refreshToken: RefreshToken,
    now: Date,
  ): Promise<SessionTokens<RefreshToken>> {
    const expiresAt = new Date(Math.min(now.getTime() + session.accessTokenMs, endOf(id, session, owner).getTime()));
    const claims = await this.claims(id, session, owner, session.scopes, expiresAt);
    return {
      sessionId: id,
      userId: owner.id,
      accessToken: await this.accessTokens.sign(claims, now, await this.ownKeyOf(owner)),
      refreshToken,
      csrfToken: this.csrfTokens.of(id),
      rotated: session.rotates,
      expiresAt: session.expiresAt,
      position,
    };
  }

  /** @param audience the scopes it is good for, once */
  async issueOneTime(
    jti: OneTimeTokenId,
    { id, session, owner }: IssuedSession,
    audience: readonly string[],
    expiresAt: Date,
    now: Date,
  ): Promise<string> {
    const claims = await this.claims(id, session, owner, audience, expiresAt);
    return this.accessTokens.signOneTime(claims, jti, now, await this.ownKeyOf(owner));
  }

  /** The key that its account had when the session was looked at: replaced since, it signs nothing that lives. */
  private async ownKeyOf({ provider }: ActiveUser): Promise<SigningKeyPair | undefined> {
    return provider === null ? undefined : this.providerKeys.signingKey(provider.key);
  }

  private async claims(
    sessionId: SessionId,
    session: OpenSession,
    owner: ActiveUser,
    scopes: readonly string[],
    expiresAt: Date,
  ): Promise<TokenClaims> {
    const { claims, kind } = owner;
    const firstNames = readable(claims.firstNames);
    const lastName = readable(claims.lastName);
    const email = readable(claims.email);
    return {
      username: nameOf(owner),
      userId: owner.id,
      sessionId,
      role: owner.role,
      principalType: kind,
      scopes,
      extendedByChain: await this.namesOf(extendersOf(session)),
      authenticatedAt: session.authenticatedAt,
      amr: session.amr,
      profile: {
        ...(firstNames === null ? {} : { firstNames }),
        ...(lastName === null ? {} : { lastName }),
        ...(email === null ? {} : { email }),
        ...(isOfPerson(kind) ? await this.claimsOfPerson(owner, session) : {}),
      },
      expiresAt,
    };
  }

  private async claimsOfPerson({ id, acceptedAgreement }: ActiveUser, { amr }: OpenSession) {
    const { version } = this.settings.serviceLicenseAgreement;
    return {
      // Shown here, or to the identity provider.
      twoFactorAuthentication: amr.includes(MULTI_FACTOR) || (await this.secondFactors.wasEnrolled(id)),
      serviceLicenseAgreement: version === 0 || acceptedAgreement === version,
    };
  }

  private namesOf = (ids: ReturnType<typeof extendersOf>) =>
    Promise.all(
      ids.map(async (id) => {
        const { owner } = await this.sessions.ownerOf(id);
        return owner === null ? id : nameOf(owner);
      }),
    );
}
