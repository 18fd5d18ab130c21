import type { DataSource } from 'typeorm';
import { openDatabase } from '#database/database.js';
import { type DatabaseSettings, FOR_QUERIES, type PoolLimits } from '#database/database-settings.js';
import type { Place } from '#database/place.js';
import { auditTrail } from './audit-trail/audit-trail.projection.js';
import { CheckpointRow } from './checkpoint.js';
import { CompareByCodePoint1767787200000 } from './migrations/1767787200000-compare-by-code-point.js';
import { CreateReadModels1767225600000 } from './migrations/1767225600000-create-read-models.js';
import { FindUsersByName1767312000000 } from './migrations/1767312000000-find-users-by-name.js';
import { KnowParentsOfSessions1767484800000 } from './migrations/1767484800000-know-parents-of-sessions.js';
import { ListUsers1767700800000 } from './migrations/1767700800000-list-users.js';
import { ParkEvents1767873600000 } from './migrations/1767873600000-park-events.js';
import { ShowAgreements1767571200000 } from './migrations/1767571200000-show-agreements.js';
import { ShowSecondFactors1767398400000 } from './migrations/1767398400000-show-second-factors.js';
import { VersionReadModels1767960000000 } from './migrations/1767960000000-version-read-models.js';
import { ParkedEventRow } from './parked-event.js';
import type { UserId } from '#domain/ids.js';
import { clearFreedSpace } from '#database/freed-space.js';
import { clearSubject } from './erasure/clear-subject.js';
import type { Projection, Table } from './projection.js';
import { ProjectionProcessRow } from './projection-process.js';
import { ProjectionTables } from './projection-tables.js';
import { EVERYBODYS_TURN, PostgresProjectorTurn, type ProjectorTurn } from './projector-turn.js';
import { RebuildRow } from './rebuild/rebuild-row.entity.js';
import { sessions } from './sessions/sessions.projection.js';
import { subjectStreams } from './subject-streams/subject-streams.projection.js';
import { users } from './users/users.projection.js';

/** Every read model there is. */
export const PROJECTIONS: readonly Projection[] = [users, sessions, subjectStreams, auditTrail];

export const projectionNamed = (wanted: string): Projection | undefined =>
  PROJECTIONS.find(({ name }) => name === wanted);

const migrations = [
  CreateReadModels1767225600000,
  FindUsersByName1767312000000,
  ShowSecondFactors1767398400000,
  KnowParentsOfSessions1767484800000,
  ShowAgreements1767571200000,
  ListUsers1767700800000,
  ParkEvents1767873600000,
  VersionReadModels1767960000000,
];

/** One projector writes the live tables, in turn with itself, and one those of each rebuild. */
const FOR_WRITING: PoolLimits = { connections: 4, connectMs: 5_000, statementMs: 60_000 };
/** For one who reads for long and sees one state of everything meanwhile. */
const FOR_COMPARING: PoolLimits = { connections: 1, connectMs: 5_000, statementMs: 60_000 };

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
  /** Another connection that only reads; whoever opens it destroys it. */
  openReader(): Promise<DataSource>;
  /** Removes what all tables have of a person who was erased, and what is left of it in the files. */
  clear(userId: UserId): Promise<void>;
  close(): Promise<void>;
}

/**
 * Brings the tables of the projections up to date, and makes those that are missing; what other versions have filled is left alone.
 * @throws DatabaseUnusable
 */
export async function openReadModels(place: Place, projections = PROJECTIONS): Promise<ReadModelDatabase> {
  const entities = [...OF_EVERY_PROJECTION, ...projections.flatMap(({ tables }) => tables)];
  const openReader = (pool: PoolLimits) => openDatabase({ place, entities, durability: 'normal', pool });
  const writer = await openDatabase('file' in place ? inFile(place, entities) : onServer(place, entities));
  await new ProjectionTables(writer).createMissing(projections);
  const reader = await openReader(FOR_QUERIES);
  // Programs with other versions keep theirs side by side with these.
  const versions = projections.map(({ name, version }) => `${name} v${version}`).join(', ');
  return {
    writer,
    reader,
    turn: 'file' in place ? EVERYBODYS_TURN : new PostgresProjectorTurn(place.server, versions),
    openReader: () => openReader(FOR_COMPARING),
    async clear(userId) {
      const beside = await openReader(FOR_COMPARING);
      try {
        await clearFreedSpace(place, await clearSubject(beside, projections, userId));
      } finally {
        await beside.destroy();
      }
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

type Entities = readonly Table[];

const OF_EVERY_PROJECTION: Entities = [CheckpointRow, ParkedEventRow, ProjectionProcessRow, RebuildRow];

/** The log can always fill it again: losing its newest rows in a power cut costs a moment of catching up. */
const inFile = (place: Place, entities: Entities): DatabaseSettings => ({
  place,
  entities: [...entities],
  migrations,
  durability: 'normal',
});

/** A process that outlives a crash of the server would believe that its newest rows, which others have seen, are there. */
const onServer = (place: Place, entities: Entities): DatabaseSettings => ({
  place,
  entities: [...entities],
  migrations: [...migrations, CompareByCodePoint1767787200000],
  durability: 'full',
  pool: FOR_WRITING,
});
