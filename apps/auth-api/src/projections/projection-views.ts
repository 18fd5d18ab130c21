import { ApiProperty } from '@nestjs/swagger';
import type { ProjectionStatus, RebuildStatus, VersionStatus } from '#host/projection-status.js';
import type { Comparison, TableComparison, TableSum } from '#read-models/rebuild/compare-editions.js';
import type { ParkedEventRow } from '#read-models/parked-event.js';

/** A version of a projection that has tables. */
export class ProjectionVersionView {
  @ApiProperty()
  version: number;

  @ApiProperty({ enum: ['used', 'old', 'newer'], description: 'Whether the program that answers reads it.' })
  state: VersionStatus['state'];

  @ApiProperty({ description: 'Where it is in the log; decimal.' })
  position: string;

  @ApiProperty({ description: 'When it moved last; epoch milliseconds.' })
  movedAt: number;
}

/** What a table has, in the order of its ids. */
export class TableSumView implements TableSum {
  @ApiProperty()
  rows: number;

  @ApiProperty({ description: 'SHA-256 of all of it, in hexadecimal.' })
  checksum: string;
}

/** How a table that is read differs from the one that is to replace it. */
export class TableComparisonView implements TableComparison {
  @ApiProperty()
  table: string;

  @ApiProperty({ type: TableSumView })
  live: TableSumView;

  @ApiProperty({ type: TableSumView })
  next: TableSumView;

  @ApiProperty({ description: 'Rows that only the live table has.' })
  onlyLive: number;

  @ApiProperty({ description: 'Rows that only the new one has.' })
  onlyNext: number;

  @ApiProperty({ description: 'Rows with something else in them.' })
  changed: number;

  @ApiProperty({ type: [String], description: 'The ids of some of all these.' })
  examples: readonly string[];
}

/** What was found when both had seen the same of the log. */
export class ComparisonView implements Comparison {
  @ApiProperty({ description: 'Where both stood; decimal.' })
  position: string;

  @ApiProperty({ type: [TableComparisonView] })
  tables: readonly TableComparisonView[];

  @ApiProperty({ type: [String], description: 'The ids of events that only one of them could not apply.' })
  parked: readonly string[];
}

/** How a rebuild is getting on. */
export class RebuildView {
  @ApiProperty()
  runId: string;

  @ApiProperty({
    enum: ['waiting', 'filling', 'stands', 'comparing', 'differs', 'swapped', 'failed', 'cancelled'],
    description: '`stands` and `differs` wait for an administrator.',
  })
  state: RebuildStatus['state'];

  @ApiProperty({ description: 'Where its tables are in the log; decimal.' })
  position: string;

  @ApiProperty({ description: 'Where they are going; decimal.' })
  target: string;

  @ApiProperty({ description: 'How many events it has considered.' })
  events: number;

  @ApiProperty({ nullable: true, type: Number, description: 'Epoch milliseconds.' })
  startedAt: number | null;

  @ApiProperty({ nullable: true, type: ComparisonView })
  comparison: ComparisonView | null;

  @ApiProperty({ nullable: true, type: String, description: 'What went wrong last.' })
  error: string | null;
}

export class ProjectionErrorView {
  @ApiProperty({ description: 'Epoch milliseconds.' })
  at: number;

  @ApiProperty()
  why: string;
}

/** How a projection is getting on. */
export class ProjectionView {
  @ApiProperty()
  projection: string;

  @ApiProperty({ description: 'Of the program that answers.' })
  version: number;

  @ApiProperty({ enum: ['current', 'behind', 'paused'] })
  state: ProjectionStatus['state'];

  @ApiProperty({ description: 'Where it is in the log; decimal.' })
  position: string;

  @ApiProperty({ description: 'The end of the log; decimal.' })
  head: string;

  @ApiProperty({ description: 'How many positions of the log it has not seen.' })
  behind: number;

  @ApiProperty({
    nullable: true,
    type: Number,
    description: 'How old the last event is that it has seen, while there are others; null while it has seen none.',
  })
  behindSeconds: number | null;

  @ApiProperty({ nullable: true, type: Number, description: 'Events a second; null if nobody keeps it.' })
  rate: number | null;

  @ApiProperty({ description: 'How many events it could not apply, and how many wait behind them, together.' })
  parked: number;

  @ApiProperty({ nullable: true, type: String, description: 'The machine and the process that keep it.' })
  keptBy: string | null;

  @ApiProperty({ type: [String], description: 'The processes that would go on if that one ended.' })
  standbys: readonly string[];

  @ApiProperty({ nullable: true, type: ProjectionErrorView, description: 'What went wrong last in these processes.' })
  lastError: ProjectionErrorView | null;

  @ApiProperty({ type: [ProjectionVersionView], description: 'Those that have tables, the newest first.' })
  versions: readonly ProjectionVersionView[];

  @ApiProperty({ nullable: true, type: RebuildView, description: 'The rebuild that was begun last.' })
  rebuild: RebuildView | null;

  @ApiProperty({ description: 'Whether what the last rebuild has replaced is kept.' })
  isUndoable: boolean;
}

export const asProjectionView = ({ lastError, versions, rebuild, ...status }: ProjectionStatus): ProjectionView => ({
  ...status,
  lastError: lastError === null ? null : { at: lastError.at.getTime(), why: lastError.why },
  versions: versions.map(({ movedAt, ...version }) => ({ ...version, movedAt: movedAt.getTime() })),
  rebuild: rebuild === null ? null : { ...rebuild, startedAt: rebuild.startedAt?.getTime() ?? null },
});

export class ProjectionList {
  @ApiProperty({ type: [ProjectionView] })
  items: readonly ProjectionView[];
}

/** An event that a projection could not apply, or that waits behind one. */
export class ParkedEventView {
  @ApiProperty()
  projection: string;

  @ApiProperty()
  eventId: string;

  @ApiProperty()
  type: string;

  @ApiProperty()
  stream: string;

  @ApiProperty()
  revision: number;

  @ApiProperty({ description: 'Decimal.' })
  position: string;

  @ApiProperty({ nullable: true, type: String, description: 'Why it failed; null for one that waits.' })
  error: string | null;

  @ApiProperty({ description: 'How often it was tried.' })
  attempts: number;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  firstAt: number;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  lastAt: number;
}

export class ParkedEventList {
  @ApiProperty({ type: [ParkedEventView], description: 'In the order of the log.' })
  items: readonly ParkedEventView[];
}

export const asParkedEventView = (row: ParkedEventRow): ParkedEventView => ({
  projection: row.projection,
  eventId: row.eventId,
  type: row.type,
  stream: row.stream,
  revision: row.revision,
  position: row.position,
  error: row.error,
  attempts: row.attempts,
  firstAt: row.firstAt,
  lastAt: row.lastAt,
});
