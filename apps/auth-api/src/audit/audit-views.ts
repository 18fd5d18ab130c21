import { ApiProperty } from '@nestjs/swagger';
import type { AuditEntry } from '#audit/entries.js';
import type { FieldChange } from '#audit/differences.js';
import type { TimelineEntry } from '#audit/timeline.js';
import type { EventPlace, StateAt } from '#audit/replay.js';

const PERSONAL =
  'Where something personal was erased stands `{"erased": true}`, and where it is not shown `{"withheld": true}`.';

/** Who did it. */
class AuditActorView {
  @ApiProperty({ description: 'An account, or a part of authlog.' })
  id: string;

  @ApiProperty({ enum: ['user', 'admin', 'service', 'provider', 'system', 'anonymous'] })
  kind: string;

  @ApiProperty({ type: String, nullable: true, description: 'The session that it was done in.' })
  sessionId: string | null;
}

/** What happened. With `fields`, no more than was asked for. */
export class AuditEntryView implements AuditEntry {
  @ApiProperty({ description: 'Where it stands in the log; decimal.' })
  position: string;

  @ApiProperty({ description: 'Of the event.' })
  id: string;

  @ApiProperty({ example: 'SessionOpened' })
  type: string;

  @ApiProperty({ enum: ['done', 'refused'] })
  outcome: AuditEntry['outcome'];

  @ApiProperty({ type: String, nullable: true, description: 'Whose history it belongs to.' })
  userId: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The session that it is about, or was done in.' })
  sessionId: string | null;

  @ApiProperty({ type: AuditActorView })
  actor: AuditActorView;

  @ApiProperty()
  stream: string;

  @ApiProperty({ description: 'Its number in the stream, from 0.' })
  revision: number;

  @ApiProperty({ description: 'Of the request.' })
  correlationId: string;

  @ApiProperty({ description: 'Of the event or the command that led to it.' })
  causationId: string;

  @ApiProperty()
  commandId: string;

  @ApiProperty({ format: 'date-time' })
  occurredAt: string;

  @ApiProperty({ format: 'date-time' })
  recordedAt: string;

  @ApiProperty({
    type: Object,
    nullable: true,
    description: `The facts; null once they were removed for their age. ${PERSONAL}`,
  })
  data: unknown;
}

/** A part of the trail. */
export class AuditPage {
  @ApiProperty()
  itemsPerPage: number;

  @ApiProperty({ type: [AuditEntryView] })
  items: readonly Partial<AuditEntryView>[];

  @ApiProperty({ type: String, nullable: true, description: 'Sent back, it gives what follows; null at the end.' })
  next: string | null;

  @ApiProperty({ description: 'Up to where in the log the answer is true; decimal.' })
  through: string;
}

class AuditClientView {
  @ApiProperty({ type: Object, nullable: true, description: PERSONAL })
  ipAddress: unknown;

  @ApiProperty({ type: Object, nullable: true })
  userAgent: unknown;
}

/** A field that has another value than before; what is not there is left out. */
export class FieldChangeView implements FieldChange {
  @ApiProperty({ description: 'Names joined by dots.', example: 'claims.email' })
  field: string;

  @ApiProperty({ type: Object, required: false })
  from?: unknown;

  @ApiProperty({ type: Object, required: false })
  to?: unknown;
}

class CauseView {
  @ApiProperty()
  id: string;

  @ApiProperty()
  position: string;

  @ApiProperty()
  type: string;
}

/** What happened, and what it changed. */
export class TimelineEntryView extends AuditEntryView implements TimelineEntry {
  @ApiProperty({
    type: AuditClientView,
    nullable: true,
    description: 'Where the session was opened that it was done in.',
  })
  from: AuditClientView | null;

  @ApiProperty({ type: [FieldChangeView], description: 'Of an account, a session, a second factor or a token.' })
  changes: readonly FieldChangeView[];

  @ApiProperty({ type: CauseView, nullable: true, description: 'The event that led to it, if it was one.' })
  cause: CauseView | null;
}

export class Timeline {
  @ApiProperty()
  itemsPerPage: number;

  @ApiProperty({ type: [TimelineEntryView] })
  items: readonly TimelineEntryView[];

  @ApiProperty({ type: String, nullable: true, description: 'Sent back, it gives what follows; null at the end.' })
  next: string | null;

  @ApiProperty({ description: 'Up to where in the log the answer is true; decimal.' })
  through: string;
}

/** An event, by its place. */
export class EventPlaceView {
  @ApiProperty({ description: 'In the log; decimal.' })
  position: string;

  @ApiProperty({ description: 'In its stream, from 0.' })
  revision: number;

  @ApiProperty({ format: 'date-time' })
  recordedAt: string;

  @ApiProperty()
  id: string;

  @ApiProperty()
  type: string;
}

/** What something was, by the rules that decide on it. */
export class StateView {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The position of the log that was asked for; null with a revision.',
  })
  position: string | null;

  @ApiProperty({ type: Object, description: PERSONAL })
  state: unknown;

  @ApiProperty({
    type: EventPlaceView,
    nullable: true,
    description: 'The event that made it so; null before the first.',
  })
  since: EventPlaceView | null;

  @ApiProperty({ type: EventPlaceView, nullable: true, description: 'The event that changed it; null while it is so.' })
  until: EventPlaceView | null;
}

const asPlaceView = (place: EventPlace | null): EventPlaceView | null =>
  place && { ...place, recordedAt: place.recordedAt.toISOString() };

export const asStateView = (
  { since, until }: StateAt<unknown>,
  state: unknown,
  position: string | null,
): StateView => ({
  position,
  state,
  since: asPlaceView(since),
  until: asPlaceView(until),
});

/** What changed between two points. */
export class DifferenceView {
  @ApiProperty({ type: StateView })
  from: StateView;

  @ApiProperty({ type: StateView })
  to: StateView;

  @ApiProperty({ type: [FieldChangeView] })
  changes: readonly FieldChangeView[];

  @ApiProperty({ type: [TimelineEntryView], description: 'What happened in between, the oldest first; the first 250.' })
  events: readonly TimelineEntryView[];
}
