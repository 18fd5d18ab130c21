import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { PoolLimits } from './database-settings.js';
import { openDatabase } from './database.js';
import { Dialect } from './dialect.js';
import type { Place } from './place.js';

/** However long it takes: nobody waits for it. */
const FOR_CLEARING: PoolLimits = { connections: 1, connectMs: 5_000, statementMs: 0 };
const CHECKPOINT_TRIES = 100;
const CHECKPOINT_PAUSE_MS = 20;

/** Others used the file all the time; it is as if it were locked. */
export class StillInUse extends Error {
  override readonly name = 'StillInUse';
  readonly code = 'SQLITE_BUSY';
}

interface Checkpoint {
  readonly busy: number;
}

/**
 * Makes what was deleted from these tables, or overwritten in them, be gone from where it stood, too. In a SQLite file freed
 * space is overwritten at once (`secure_delete`), and here the log beside it, which has the old pages, is emptied; in
 * PostgreSQL, dead rows are removed. Its own log and its free space are the server's business.
 * @throws StillInUse
 */
export async function clearFreedSpace(place: Place, tables: readonly string[]): Promise<void> {
  const database = await openDatabase({ place, entities: [], durability: 'normal', pool: FOR_CLEARING });
  try {
    const dialect = new Dialect(database);
    if (dialect.isEmbedded) await emptyLog(database);
    else for (const table of tables) await database.query(`VACUUM ${dialect.name(table)}`);
  } finally {
    await database.destroy();
  }
}

async function emptyLog(database: DataSource): Promise<void> {
  // Waiting inside of SQLite would keep from going on whom it waits for, if that is this process.
  await database.query('PRAGMA busy_timeout = 0');
  for (let tries = 1; ; tries += 1) {
    const [outcome]: Checkpoint[] = await database.query('PRAGMA wal_checkpoint(TRUNCATE)');
    if (outcome?.busy === 0) return;
    if (tries === CHECKPOINT_TRIES) throw new StillInUse('the log of a SQLite file could not be emptied');
    await delay(CHECKPOINT_PAUSE_MS);
  }
}
