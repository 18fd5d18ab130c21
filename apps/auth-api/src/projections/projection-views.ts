import { ApiProperty } from '@nestjs/swagger';
import type { ProjectionStatus } from '#host/projection-status.js';
import type { ParkedEventRow } from '#read-models/parked-event.js';

/** How a projection is getting on. */
export class ProjectionView implements ProjectionStatus {
  @ApiProperty()
  projection: string;

  @ApiProperty({ nullable: true, type: Number, description: 'The version that filled its tables.' })
  version: number | null;

  @ApiProperty({ description: 'The version of the program that answers.' })
  programVersion: number;

  @ApiProperty({ enum: ['current', 'behind', 'paused'] })
  state: ProjectionStatus['state'];

  @ApiProperty({ type: String, description: 'Where it is in the log; decimal.' })
  position: ProjectionStatus['position'];

  @ApiProperty({ type: String, description: 'The end of the log; decimal.' })
  head: ProjectionStatus['head'];

  @ApiProperty({ description: 'How many positions of the log it has not seen.' })
  behind: number;

  @ApiProperty({ description: 'How many events it could not apply, and how many wait behind them, together.' })
  parked: number;
}

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
