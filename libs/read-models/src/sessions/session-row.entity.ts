import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { epochMs } from '../epoch-ms.js';

/** Of the projection, and in the names of its tables. */
export const SESSIONS_VERSION = 5;

/** A session that was not ended on its own. Whether it is alive is for the query to say. */
@Entity(`session_v${SESSIONS_VERSION}`)
@Index('session_of_user', ['userId', 'openedAt'])
@Index('session_by_end', ['expiresAt'])
export class SessionRow {
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  userId: string;

  /** The owner's session epoch when it was opened. */
  @Column('integer')
  epoch: number;

  /** `login`, `provisioned` or `extension`. */
  @Column('text')
  origin: string;

  /** The login service it was opened at. */
  @Column('text', { nullable: true })
  service: string | null;

  /** The account that had it opened for a new user. */
  @Column('text', { nullable: true })
  createdBy: string | null;

  /** The session it was derived from; null for one that is no extension. */
  @Column('text', { nullable: true })
  parentId: string | null;

  /** The ids of the services that derived it, first to last, joined by spaces. */
  @Column('text')
  extendedBy: string;

  /** Joined by spaces. */
  @Column('text')
  scopes: string;

  /** Authentication methods (RFC 8176), joined by spaces. */
  @Column('text')
  amr: string;

  /** The entity id of who has vouched for the login; null where it was made here. */
  @Column('text', { nullable: true })
  identityProvider: string | null;

  /** The domain of whom the person belongs to, as the identity provider says. */
  @Column('text', { nullable: true })
  institution: string | null;

  @Column('text', { nullable: true })
  ipAddress: string | null;

  @Column('text', { nullable: true })
  userAgent: string | null;

  /** When its owner proved who they are; epoch milliseconds, as the times below. */
  @Column('bigint', { transformer: epochMs })
  authenticatedAt: number;

  @Column('bigint', { transformer: epochMs })
  openedAt: number;

  @Column('bigint', { transformer: epochMs })
  lastActiveAt: number;

  /** The absolute end. */
  @Column('bigint', { transformer: epochMs })
  expiresAt: number;

  /** How long it lives unused. */
  @Column('bigint', { transformer: epochMs })
  idleMs: number;
}

/** The epoch whose sessions live, of a user who once ended all sessions. */
@Entity(`session_epoch_v${SESSIONS_VERSION}`)
export class SessionEpochRow {
  /** The user's. */
  @PrimaryColumn('text')
  id: string;

  @Column('integer')
  epoch: number;

  /** The one session of an earlier epoch that was kept. */
  @Column('text', { nullable: true })
  spared: string | null;
}
