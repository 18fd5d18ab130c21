import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LOG_START, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import { Stores } from '#host/stores.js';
import { ReadModelBehind, ReadModelProgress } from '#read-models/progress.js';
import { later } from '../../access/live-sessions.js';
import { BadRequest } from '../../bad-request.js';

const HEADER = 'Consistency-Token';

/** Tells the client where in the log its command stands; sent back with a query, the query sees at least that. */
export function tellPosition(reply: FastifyReply, position: Position | undefined): void {
  if (position !== undefined) void reply.header(HEADER, position);
}

/** How long a query waits for what others have just done; its own caller's doings it waits for longer. */
const FRESHNESS_WITHIN_MS = 100;

/** Lets queries see what was done before them (design §5). */
@Injectable()
export class Consistency {
  constructor(
    private readonly progress: ReadModelProgress,
    private readonly stores: Stores,
  ) {}

  /**
   * Waits until the read model has come to where the caller's own session stands, and to the `Consistency-Token` if the
   * request carries one; then, for a moment, to the end of the log. The answer says how far it has come.
   * @throws BadRequest, ReadModelBehind
   */
  async await(
    readModel: string,
    own: Position | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const token = tokenOf(request);
    const head = await this.stores.eventStore.head();
    if (token !== undefined && !hasReached(head, token)) throw notOurs();
    const reached = await this.progress.waitFor(readModel, later(own, token) ?? LOG_START);
    const fresh = this.progress.waitFor(readModel, head, FRESHNESS_WITHIN_MS).catch((error: unknown) => {
      if (error instanceof ReadModelBehind) return reached;
      throw error;
    });
    tellPosition(reply, await fresh);
  }
}

const notOurs = () => new BadRequest('parameter-invalid', `${HEADER} must be what an earlier answer carried.`);

function tokenOf({ headers }: FastifyRequest): Position | undefined {
  const token = headers[HEADER.toLowerCase()];
  if (token === undefined) return undefined;
  try {
    return asPosition(String(token));
  } catch {
    throw notOurs();
  }
}
