import { Column, Entity, MoreThan, PrimaryColumn } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { epochMs } from './epoch-ms.js';
import type { ProjectionVersion } from './projection.js';

/** What a process does with a projection: keeps it, waits to do so, or only reads it. */
export type ProcessRole = 'keeps' | 'stands by' | 'reads';

/** A process that uses a version of a projection, as it said of itself last. */
@Entity('projection_process')
export class ProjectionProcessRow {
  /** Its machine and its id there. */
  @PrimaryColumn('text')
  process: string;

  @PrimaryColumn('text')
  projection: string;

  @PrimaryColumn('integer')
  version: number;

  @Column('text')
  role: ProcessRole;

  /** How many events a second it has considered since it said so before. */
  @Column('integer')
  rate: number;

  /** What went wrong last; null if nothing has. */
  @Column('text', { nullable: true })
  error: string | null;

  /** Epoch milliseconds, as the next one; 0 if nothing has. */
  @Column('bigint', { transformer: epochMs })
  errorAt: number;

  @Column('bigint', { transformer: epochMs })
  seenAt: number;
}

/** Those that have said something since then. */
export const processesSince = (
  manager: EntityManager,
  { name: projection, version }: ProjectionVersion,
  since: Date,
): Promise<ProjectionProcessRow[]> =>
  manager.find(ProjectionProcessRow, {
    where: { projection, version, seenAt: MoreThan(since.getTime()) },
    order: { process: 'ASC' },
  });
