import type { DataSource } from 'typeorm';
import { openDatabase } from '#database/database.js';
import { CheckpointRow } from './checkpoint.js';
import { CreateReadModels1767225600000 } from './migrations/1767225600000-create-read-models.js';
import { FindUsersByName1767312000000 } from './migrations/1767312000000-find-users-by-name.js';
import { KnowParentsOfSessions1767484800000 } from './migrations/1767484800000-know-parents-of-sessions.js';
import { ListUsers1767700800000 } from './migrations/1767700800000-list-users.js';
import { ShowAgreements1767571200000 } from './migrations/1767571200000-show-agreements.js';
import { ShowSecondFactors1767398400000 } from './migrations/1767398400000-show-second-factors.js';
import type { Projection } from './projection.js';
import { SessionEpochRow, SessionRow } from './sessions/session-row.entity.js';
import { sessions } from './sessions/sessions.projection.js';
import { UserRow } from './users/user-row.entity.js';
import { users } from './users/users.projection.js';

/** Every read model there is. */
export const PROJECTIONS: readonly Projection[] = [users, sessions];

const entities = [CheckpointRow, SessionEpochRow, SessionRow, UserRow];
const migrations = [
  CreateReadModels1767225600000,
  FindUsersByName1767312000000,
  ShowSecondFactors1767398400000,
  KnowParentsOfSessions1767484800000,
  ShowAgreements1767571200000,
  ListUsers1767700800000,
];

/**
 * The database of the read models, twice: SQLite gives a data source one connection, and whoever shares it with a
 * transaction shares its fate, so those who ask have a connection of their own.
 */
export interface ReadModelDatabase {
  /** For projections only. */
  readonly writer: DataSource;
  /** For queries. */
  readonly reader: DataSource;
  close(): Promise<void>;
}

/** @throws DatabaseUnusable */
export async function openReadModels(file: string): Promise<ReadModelDatabase> {
  // The log can always fill it again: losing its newest rows in a power cut costs a moment of catching up.
  const writer = await openDatabase({ file, entities, migrations, durability: 'normal' });
  const reader = await openDatabase({ file, entities, durability: 'normal' });
  return {
    writer,
    reader,
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}
