import type { DataSource } from 'typeorm';
import { openDatabase } from '#database/database.js';
import type { DatabaseSettings, PoolLimits } from '#database/database-settings.js';
import type { Place } from '#database/place.js';
import { CheckpointRow } from './checkpoint.js';
import { CompareByCodePoint1767787200000 } from './migrations/1767787200000-compare-by-code-point.js';
import { CreateReadModels1767225600000 } from './migrations/1767225600000-create-read-models.js';
import { FindUsersByName1767312000000 } from './migrations/1767312000000-find-users-by-name.js';
import { KnowParentsOfSessions1767484800000 } from './migrations/1767484800000-know-parents-of-sessions.js';
import { ListUsers1767700800000 } from './migrations/1767700800000-list-users.js';
import { ParkEvents1767873600000 } from './migrations/1767873600000-park-events.js';
import { ShowAgreements1767571200000 } from './migrations/1767571200000-show-agreements.js';
import { ShowSecondFactors1767398400000 } from './migrations/1767398400000-show-second-factors.js';
import { ParkedEventRow } from './parked-event.js';
import type { Projection } from './projection.js';
import { EVERYBODYS_TURN, PostgresProjectorTurn, type ProjectorTurn } from './projector-turn.js';
import { SessionEpochRow, SessionRow } from './sessions/session-row.entity.js';
import { sessions } from './sessions/sessions.projection.js';
import { UserRow } from './users/user-row.entity.js';
import { users } from './users/users.projection.js';

/** Every read model there is. */
export const PROJECTIONS: readonly Projection[] = [users, sessions];

const entities = [CheckpointRow, ParkedEventRow, SessionEpochRow, SessionRow, UserRow];
const migrations = [
  CreateReadModels1767225600000,
  FindUsersByName1767312000000,
  ShowSecondFactors1767398400000,
  KnowParentsOfSessions1767484800000,
  ShowAgreements1767571200000,
  ListUsers1767700800000,
  ParkEvents1767873600000,
];

/** One projector writes, in turn with itself; filling tables anew empties them with one statement each. */
const FOR_WRITING: PoolLimits = { connections: 2, connectMs: 5_000, statementMs: 60_000 };

/**
 * The database of the read models, twice: SQLite gives a data source one connection, and whoever shares it with a
 * transaction shares its fate, so those who ask have a connection of their own.
 */
export interface ReadModelDatabase {
  /** For projections only. */
  readonly writer: DataSource;
  /** For queries. */
  readonly reader: DataSource;
  /** Who of several processes keeps the read models. */
  readonly turn: ProjectorTurn;
  close(): Promise<void>;
}

/** @throws DatabaseUnusable */
export async function openReadModels(place: Place): Promise<ReadModelDatabase> {
  const writer = await openDatabase('file' in place ? inFile(place) : onServer(place));
  const reader = await openDatabase({ place, entities, durability: 'normal' });
  return {
    writer,
    reader,
    turn: 'file' in place ? EVERYBODYS_TURN : new PostgresProjectorTurn(place.server),
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

/** The log can always fill it again: losing its newest rows in a power cut costs a moment of catching up. */
const inFile = (place: Place): DatabaseSettings => ({ place, entities, migrations, durability: 'normal' });

/** A process that outlives a crash of the server would believe that its newest rows, which others have seen, are there. */
const onServer = (place: Place): DatabaseSettings => ({
  place,
  entities,
  migrations: [...migrations, CompareByCodePoint1767787200000],
  durability: 'full',
  pool: FOR_WRITING,
});
