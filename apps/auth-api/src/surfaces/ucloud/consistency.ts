import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Position, asPosition } from '#event-store/event-store.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { later } from '../../access/live-sessions.js';
import { BadRequest } from '../../bad-request.js';

const HEADER = 'Consistency-Token';

/** Tells the client where in the log its command stands; sent back with a query, the query sees at least that. */
export function tellPosition(reply: FastifyReply, position: Position | undefined): void {
  if (position !== undefined) void reply.header(HEADER, position);
}

/** Lets queries see what their callers have done (design §5). */
@Injectable()
export class Consistency {
  constructor(private readonly progress: ReadModelProgress) {}

  /**
   * Waits until the read model has come to where the caller's own session stands, and to the `Consistency-Token` if the
   * request carries one; the answer says how far it has come.
   * @throws BadRequest, ReadModelBehind
   */
  async await(
    readModel: string,
    own: Position | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const wanted = later(own, tokenOf(request));
    if (wanted !== undefined) tellPosition(reply, await this.progress.waitFor(readModel, wanted));
  }
}

function tokenOf({ headers }: FastifyRequest): Position | undefined {
  const token = headers[HEADER.toLowerCase()];
  if (token === undefined) return undefined;
  try {
    return asPosition(String(token));
  } catch {
    throw new BadRequest('parameter-invalid', `${HEADER} must be what an earlier answer carried.`);
  }
}
