import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { LOCK_CLASS, clientConfig } from '#database/postgres-database.js';
import type { PostgresServer } from '#database/place.js';

/** Says whose turn it is to keep the read models. */
export interface ProjectorTurn {
  /**
   * Works whenever it is this process's turn, until the signal ends it.
   * @param work ends by itself when its own signal says that the turn is over
   */
  take(signal: AbortSignal, work: (turn: AbortSignal) => Promise<void>): Promise<void>;
}

/** On SQLite those who share a file fence each other by the checkpoint, and none waits for another. */
export const EVERYBODYS_TURN: ProjectorTurn = { take: (signal, work) => work(signal) };

const schema = 'authlog_read_models';
/** How often the holder shows that its connection lives, and the others ask whether it is free. */
const ASK_MS = 1_000;
/** The server lets go of a holder whose machine has gone after so many seconds of silence. */
const SERVER_PATIENCE = { tcp_keepalives_idle: '2', tcp_keepalives_interval: '1', tcp_keepalives_count: '2' };
const LIMITS = { connectMs: 2_000, statementMs: 2_000 };

/**
 * One process at a time, by an advisory lock that lives as long as a connection of its own: the server frees it at once when the
 * holder dies, and another process has it a second later. Whoever loses the connection stops, and what it was about to write
 * is refused by the checkpoint once another one has begun.
 */
export class PostgresProjectorTurn implements ProjectorTurn {
  /** @param work what it is the turn for; only those who do the same wait for each other */
  constructor(
    private readonly server: PostgresServer,
    private readonly work: string,
  ) {}

  async take(signal: AbortSignal, work: (turn: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      // The database cannot be reached: those who read from it say so.
      await this.stand(signal, work).catch(() => undefined);
      await delay(ASK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** On one connection, until it is lost or the signal ends it. */
  private async stand(signal: AbortSignal, work: (turn: AbortSignal) => Promise<void>): Promise<void> {
    const client = new Client(clientConfig({ server: this.server, schema }, LIMITS, SERVER_PATIENCE));
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    const turn = AbortSignal.any([signal, lost.signal]);
    try {
      await client.connect();
      while (!turn.aborted && !(await isFree(client, this.work))) await delay(ASK_MS, undefined, { signal: turn });
      await Promise.all([turn.aborted || work(turn), this.showLife(client, turn, lost)]);
    } finally {
      await client.end();
    }
  }

  private async showLife(client: Client, turn: AbortSignal, lost: AbortController): Promise<void> {
    while (!turn.aborted)
      await delay(ASK_MS, undefined, { signal: turn })
        .then(() => client.query('SELECT 1'))
        .catch(() => lost.abort());
  }
}

async function isFree(client: Client, work: string): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS free', [
    LOCK_CLASS,
    `project ${schema} ${work}`,
  ]);
  return rows[0]?.free === true;
}
