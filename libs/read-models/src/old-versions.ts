import { type DataSource, LessThan } from 'typeorm';
import type { InTurn } from '#database/transaction.js';
import { CheckpointRow } from './checkpoint.js';
import { ParkedEventRow } from './parked-event.js';
import type { Projection } from './projection.js';
import { ProjectionProcessRow, processesSince } from './projection-process.js';
import { ProjectionTables } from './projection-tables.js';
import { RebuildRow } from './rebuild/rebuild-row.entity.js';

/** So long after it was last of use to anybody, an old version is kept: for nodes that are yet to be replaced, and for a way back. */
const KEPT_MS = 24 * 3_600_000;

/** Removes what versions before these have filled, once no process has used it for a day. */
export async function dropOldVersions(
  database: DataSource,
  projections: readonly Projection[],
  { inTurn, now, signal }: { readonly inTurn: InTurn; readonly now: Date; readonly signal: AbortSignal },
): Promise<void> {
  const tables = new ProjectionTables(database);
  const since = new Date(now.getTime() - KEPT_MS);
  for (const { name: projection, version } of projections) {
    const old = await database.manager.findBy(CheckpointRow, {
      projection,
      version: LessThan(version),
      edition: 'live',
    });
    for (const row of old) {
      const used = await processesSince(database.manager, { name: projection, version: row.version }, since);
      if (used.length > 0 || row.movedAt > since.getTime()) continue;
      await tables.dropAll(row.tables.split(' '), inTurn, signal);
      if (signal.aborted) return;
      const key = { projection, version: row.version };
      await inTurn(async () => {
        for (const entity of [ParkedEventRow, RebuildRow, ProjectionProcessRow, CheckpointRow])
          await database.manager.delete(entity, key);
      });
    }
  }
  await inTurn(() => database.manager.delete(ProjectionProcessRow, { seenAt: LessThan(since.getTime()) }));
}
