import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LOG_START, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import { Stores } from '#host/stores.js';
import type { ProjectionVersion } from '#read-models/projection.js';
import { ReadModelBehind, ReadModelProgress } from '#read-models/progress.js';
import { Cursors } from '#vault/cursors.js';
import { later } from '#accounts/session-in-context.js';
import { BadRequest } from '../../bad-request.js';

export const CONSISTENCY_TOKEN = 'Consistency-Token';

declare module 'fastify' {
  interface FastifyReply {
    /** Where in the log stands what the answer is about; undefined for an answer about nothing there. */
    position?: Position;
  }
}

/** Tells the client where in the log its command stands; sent back with a query, the query sees at least that. */
export function tellPosition(reply: FastifyReply, position: Position | undefined): void {
  if (position !== undefined) reply.position = position;
}

/** How long a query waits for what others have just done; its own caller's doings it waits for longer. */
const FRESHNESS_WITHIN_MS = 100;
/** Of the longest position: tokens of all places look alike. */
const POSITION_DIGITS = 20;

/** Lets queries see what was done before them (design §5). */
@Injectable()
export class Consistency {
  constructor(
    private readonly progress: ReadModelProgress,
    private readonly stores: Stores,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Waits until the read model has come to where the caller's own session stands, and to the `Consistency-Token` if the
   * request carries one; then, for a moment, to the end of the log. The answer says how far it has come.
   * @param freshWithinMs how long that moment is
   * @returns how far it has come
   * @throws BadRequest, ReadModelBehind
   */
  async await(
    readModel: ProjectionVersion,
    own: Position | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    freshWithinMs = FRESHNESS_WITHIN_MS,
  ): Promise<Position> {
    const token = this.positionIn(request);
    const head = await this.stores.eventStore.head();
    if (token !== undefined && !hasReached(head, token)) throw notOurs();
    const reached = await this.progress.waitFor(readModel, later(own, token) ?? LOG_START);
    const fresh = await this.progress.waitFor(readModel, head, freshWithinMs).catch((error: unknown) => {
      if (error instanceof ReadModelBehind) return reached;
      throw error;
    });
    tellPosition(reply, fresh);
    return fresh;
  }

  /** Sealed: how fast the log grows tells what others do, such as whether a mail was sent to an address (SEC-33). */
  tokenOf(position: Position): string {
    return this.cursors.seal(position.padStart(POSITION_DIGITS, '0'), CONSISTENCY_TOKEN);
  }

  private positionIn({ headers }: FastifyRequest): Position | undefined {
    const token = headers[CONSISTENCY_TOKEN.toLowerCase()];
    if (token === undefined) return undefined;
    const place = this.cursors.open(String(token), CONSISTENCY_TOKEN);
    if (typeof place !== 'string') throw notOurs();
    return asPosition(place.replace(/^0+(?=.)/, ''));
  }
}

const notOurs = () =>
  new BadRequest('parameter-invalid', `${CONSISTENCY_TOKEN} must be what an earlier answer carried.`);
