import { Injectable } from '@nestjs/common';
import { reservation, reservationStream } from '#domain/reservation/reservation.js';
import type { ActiveUser } from '#domain/user/user.js';
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

  /** The account that holds this name, in whatever spelling. */
  async byUsername(username: string): Promise<ActiveUser | null> {
    const { state } = await this.repository.load(
      reservation,
      reservationStream('name', this.digest.of('name', username)),
    );
    return state.status === 'free' ? null : (await this.sessions.ownerOf(state.holder)).owner;
  }
}
