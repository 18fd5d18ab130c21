import { ApiProperty } from '@nestjs/swagger';
import type { AuditedSession } from '#audit/session-search.js';

/** A session that was opened at some time, whatever became of it. */
export class AuditedSessionView implements AuditedSession {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  userId: string;

  @ApiProperty({ description: 'Where the event stands in the log that opened it; decimal.' })
  position: string;

  @ApiProperty({ format: 'date-time' })
  openedAt: string;

  @ApiProperty({ format: 'date-time', description: 'The absolute end.' })
  expiresAt: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'What let them in: the entity id of an identity provider, or the login service; null of what is no login.',
  })
  provider: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The login service.' })
  service: string | null;

  @ApiProperty({ type: Object, nullable: true, description: 'A mark where it was erased, or is not shown.' })
  ipAddress: unknown;

  @ApiProperty({ type: Object, nullable: true })
  userAgent: unknown;

  @ApiProperty({ description: 'At the time that was asked for; now without one.' })
  isAlive: boolean;

  @ApiProperty({ type: String, nullable: true, enum: ['session-ended', 'session-expired'] })
  causeOfDeath: string | null;
}

/** A part of a list of sessions. */
export class AuditedSessionPage {
  @ApiProperty()
  itemsPerPage: number;

  @ApiProperty({ type: [AuditedSessionView] })
  items: readonly AuditedSessionView[];

  @ApiProperty({ type: String, nullable: true, description: 'Sent back, it gives what follows; null at the end.' })
  next: string | null;

  @ApiProperty({ description: 'Up to where in the log the answer is true; decimal.' })
  through: string;

  @ApiProperty({ description: 'How many there are, or with `aliveAt` may be, on all pages.' })
  mostInTotal: number;

  @ApiProperty({ description: 'Stands for all that were found, on all pages: POST /audit/sessions/end takes it.' })
  selection: string;
}
