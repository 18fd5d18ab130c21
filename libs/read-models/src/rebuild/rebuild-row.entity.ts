import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { epochMs } from '../epoch-ms.js';
import type { ProjectionVersion } from '../projection.js';

/** What becomes of a rebuild: all but the last three go on, or wait for an operator (`stands`, `differs`). */
export type RebuildState = 'filling' | 'stands' | 'comparing' | 'differs' | 'swapped' | 'failed' | 'cancelled';

/** The rebuild of a version of a projection that was begun last. */
@Entity('rebuild')
export class RebuildRow {
  @PrimaryColumn('text')
  projection: string;

  @PrimaryColumn('integer')
  version: number;

  @Column('text')
  runId: string;

  @Column('text')
  state: RebuildState;

  /** Whether the tables that were replaced last are to be read again, or others are filled. */
  @Column('text')
  kind: 'undo' | 'anew';

  /** 1 once the new tables have all their indexes, else 0. */
  @Column('integer')
  isIndexed: number;

  /** Where it is going, as far as it knows by now; decimal. */
  @Column('text')
  target: string;

  /** What the last comparison has found, as JSON; null before it. */
  @Column('text', { nullable: true })
  comparison: string | null;

  /** What went wrong last. */
  @Column('text', { nullable: true })
  error: string | null;

  /** Epoch milliseconds, as the next one. */
  @Column('bigint', { transformer: epochMs })
  startedAt: number;

  @Column('bigint', { transformer: epochMs })
  changedAt: number;
}

export const findRebuild = (
  manager: EntityManager,
  { name: projection, version }: ProjectionVersion,
): Promise<RebuildRow | null> => manager.findOneBy(RebuildRow, { projection, version });
