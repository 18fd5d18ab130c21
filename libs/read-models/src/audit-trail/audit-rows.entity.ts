import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Position, asPosition } from '#event-store/event-store.js';
import type { AddressKey } from './address-range.js';
import { epochMs } from '../epoch-ms.js';

/** Of the projection, and in the names of its tables. */
export const AUDIT_TRAIL_VERSION = 2;

/** Whether something was done, or was refused. */
export type Outcome = 'done' | 'refused';

const known = (column: string) => ({ where: `"${column}" IS NOT NULL` });

/** By what an event is found; the event itself stays in the log. Whatever is personal in it is here only as far as it is searched. */
@Entity(`audit_entry_v${AUDIT_TRAIL_VERSION}`)
@Index('audit_of_user', ['userId', 'id'], known('userId'))
@Index('audit_by_actor', ['actor', 'id'])
@Index('audit_of_session', ['sessionId', 'id'], known('sessionId'))
@Index('audit_of_correlation', ['correlationId', 'id'])
@Index('audit_from_address', ['addressKey', 'id'], known('addressKey'))
@Index('audit_of_owner_of_address', ['addressOwner'], known('addressOwner'))
@Index('audit_of_type', ['type', 'id'])
@Index('audit_of_refusals', ['id'], { where: `outcome = 'refused'` })
@Index('audit_by_time', ['recordedAt', 'id'])
@Index('audit_that_ages', ['ages', 'recordedAt'], known('ages'))
export class AuditEntryRow {
  /** The position of the event, so that entries stand in the order of the log. */
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  stream: string;

  @Column('integer')
  revision: number;

  @Column('text')
  type: string;

  @Column('text')
  outcome: Outcome;

  /** Whose history it belongs to; null where it is that of no account. */
  @Column('text', { nullable: true })
  userId: string | null;

  /** Who did it: an account, or a part of authlog. */
  @Column('text')
  actor: string;

  /** The session that it is about; otherwise the one that it was done in. */
  @Column('text', { nullable: true })
  sessionId: string | null;

  @Column('text')
  correlationId: string;

  /** Where it was done from, if the event says so; null once it was erased. */
  @Column('text', { nullable: true })
  addressKey: AddressKey | null;

  /** Under whose key it is in the log: with their data it is erased. */
  @Column('text', { nullable: true })
  addressOwner: string | null;

  /** Epoch milliseconds. */
  @Column('bigint', { transformer: epochMs })
  recordedAt: number;

  /** The category of its stream if its events are not kept for good; null if they are. */
  @Column('text', { nullable: true })
  ages: string | null;
}

/** A session that was opened at some time, whatever became of it. */
@Entity(`audit_session_v${AUDIT_TRAIL_VERSION}`)
@Index('audit_session_by_opening', ['opened'])
@Index('audit_session_of_user', ['userId', 'opened'])
@Index('audit_session_from_address', ['addressKey', 'opened'], known('addressKey'))
@Index('audit_session_by_provider', ['provider', 'opened'], known('provider'))
@Index('audit_session_at_service', ['service', 'opened'], known('service'))
export class AuditSessionRow {
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  userId: string;

  /** The place of the entry of its opening. */
  @Column('text')
  opened: string;

  /** Epoch milliseconds, as the times below: when it was recorded. */
  @Column('bigint', { transformer: epochMs })
  openedAt: number;

  /** The absolute end. */
  @Column('bigint', { transformer: epochMs })
  expiresAt: number;

  /** When it was ended by itself; null where it was not. */
  @Column('bigint', { nullable: true, transformer: epochMs })
  endedAt: number | null;

  /**
   * By what its owner was let in: the entity id of an identity provider, or the login service where it was done here. Null for a
   * session that is no login.
   */
  @Column('text', { nullable: true })
  provider: string | null;

  /** The login service that it was opened at; null likewise. */
  @Column('text', { nullable: true })
  service: string | null;

  @Column('text', { nullable: true })
  addressKey: AddressKey | null;
}

const DIGITS = 20;

/** Positions as text in their order. */
export const placeOf = (position: string): string => position.padStart(DIGITS, '0');
export const positionOf = (place: string): Position => asPosition(place.replace(/^0+(?=[0-9])/, ''));
/** Before every event after the position. */
export const afterPosition = (position: Position): string => placeOf(String(BigInt(position) + 1n));
