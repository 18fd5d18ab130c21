import { Injectable } from '@nestjs/common';
import type { UserId } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { reservation, reservationStream } from '#domain/reservation/reservation.js';
import { ownEmail } from '#domain/user/federation.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { Repository } from '#event-store/repository.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { LiveSessions } from '../access/live-sessions.js';

/** Finds accounts for decisions: in the log, where it is never late. Lists and look-ups ask the read model. */
@Injectable()
export class Accounts {
  constructor(
    private readonly repository: Repository,
    private readonly sessions: LiveSessions,
    private readonly digest: IdentifierDigest,
  ) {}

  /** The account that holds this name, in whatever spelling, and may be used. */
  async byUsername(username: string): Promise<ActiveUser | null> {
    const id = await this.idOf(username);
    return id === null ? null : (await this.sessions.ownerOf(id)).owner;
  }

  /** The account whose e-mail address this is now, in whatever spelling, and that may be used. */
  async byEmail(email: string): Promise<ActiveUser | null> {
    return this.byEmailDigest(this.digest.of('email', email));
  }

  /** @param digest of an e-mail address */
  async byEmailDigest(digest: string): Promise<ActiveUser | null> {
    const { state } = await this.repository.load(reservation, reservationStream('email', digest));
    if (state.status === 'free') return null;
    const { owner } = await this.sessions.ownerOf(state.holder);
    // Who had it before keeps the reservation for a while.
    const email = owner && readable(ownEmail(owner));
    return email !== null && this.digest.of('email', email) === digest ? owner : null;
  }

  /** Who holds this name, also if the account may not be used. */
  async idOf(username: string): Promise<UserId | null> {
    const { state } = await this.repository.load(
      reservation,
      reservationStream('name', this.digest.of('name', username)),
    );
    return state.status === 'free' ? null : state.holder;
  }
}
