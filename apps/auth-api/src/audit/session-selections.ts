import { Injectable } from '@nestjs/common';
import type { UserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { Clock } from '#host/clock.js';
import { Cursors } from '#vault/cursors.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { sessionFilterIn } from './audit-parameters.js';
import type { Selection } from './end-selected-sessions.js';

/** What was asked for, to be asked again when the sessions are ended. */
interface Sealed {
  readonly criteria: Readonly<Record<string, string>>;
  readonly userId: UserId | null;
  /** A place: all sessions that were seen were opened before it. */
  readonly before: string;
}

/** For so long what somebody has looked at may be ended. */
const SELECTED_MS = 3_600_000;

/** What administrators have looked at, so that nobody ends what they did not see. */
@Injectable()
export class SessionSelections {
  constructor(
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  seal(selected: Sealed, caller: AuthenticatedCaller): string {
    return this.cursors.seal({ ...selected, at: this.clock.now().getTime() }, listOf(caller));
  }

  /** @throws Refused `selection-unknown` */
  open(selection: string, caller: AuthenticatedCaller): Selection {
    const opened = this.cursors.open(selection, listOf(caller));
    if (opened === undefined) throw new Refused('selection-unknown');
    // Nobody else can have sealed it.
    const { criteria, userId, before, at } = opened as Sealed & { readonly at: number };
    if (this.clock.now().getTime() - at > SELECTED_MS) throw new Refused('selection-unknown');
    return { filter: sessionFilterIn(criteria, userId), criteria, before };
  }
}

const listOf = ({ userId }: AuthenticatedCaller) => `audit sessions of ${userId}`;
