import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { epochMs } from '../epoch-ms.js';

/** Of the projection, and in the name of its table. */
export const USERS_VERSION = 9;

/**
 * An account. A `Key` is the text before it in the form in which two spellings are the same. Its personal columns are null
 * once they were erased.
 */
@Entity(`user_account_v${USERS_VERSION}`)
@Index('user_by_name', ['usernameKey'])
@Index('user_by_email', ['emailKey'])
@Index('user_list', ['status', 'role', 'id'])
@Index('user_list_by_usernameKey', ['status', 'role', 'usernameKey', 'id'])
@Index('user_list_by_emailKey', ['status', 'role', 'emailKey', 'id'])
@Index('user_list_by_assertedEmailKey', ['status', 'role', 'assertedEmailKey', 'id'])
@Index('user_list_by_firstNamesKey', ['status', 'role', 'firstNamesKey', 'id'])
@Index('user_list_by_lastNameKey', ['status', 'role', 'lastNameKey', 'id'])
export class UserRow {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  username: string | null;

  @Column('text', { nullable: true })
  usernameKey: string | null;

  /** `password`, `wayf`, `service` or `provider`. */
  @Column('text')
  kind: string;

  @Column('text')
  role: string;

  /** `active`, `suspended`, `deleted` or `erased`. */
  @Column('text')
  status: string;

  /** That the account has alone. */
  @Column('text', { nullable: true })
  email: string | null;

  @Column('text', { nullable: true })
  emailKey: string | null;

  /** What the identity provider says; nobody has confirmed it, and others may have it, too. */
  @Column('text', { nullable: true })
  assertedEmail: string | null;

  @Column('text', { nullable: true })
  assertedEmailKey: string | null;

  @Column('text', { nullable: true })
  firstNames: string | null;

  @Column('text', { nullable: true })
  firstNamesKey: string | null;

  @Column('text', { nullable: true })
  lastName: string | null;

  @Column('text', { nullable: true })
  lastNameKey: string | null;

  @Column('text', { nullable: true })
  organizationId: string | null;

  /** The entity id of where its owner logs in; null for who logs in here. */
  @Column('text', { nullable: true })
  identityProvider: string | null;

  /** What its owner is called there. */
  @Column('text', { nullable: true })
  subject: string | null;

  /** 1 if a code is asked for at each login, else 0. */
  @Column('integer')
  secondFactor: number;

  /** The version of the service licence agreement that was accepted last; 0 for none. */
  @Column('integer')
  acceptedAgreement: number;

  /** 1 if its sessions can do no more than choose another password, else 0. */
  @Column('integer')
  mustChangePassword: number;

  /** Epoch milliseconds. */
  @Column('bigint', { transformer: epochMs })
  createdAt: number;
}

/** As the driver gives it: PostgreSQL's has 64-bit integers as text. */
export type WrittenUserRow = Omit<UserRow, 'createdAt'> & { readonly createdAt: number | string };

export const asUserRow = (row: WrittenUserRow): UserRow => ({ ...row, createdAt: Number(row.createdAt) });
