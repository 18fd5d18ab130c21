import { Column, Entity, PrimaryColumn } from 'typeorm';
import { epochMs } from '../epoch-ms.js';

/** An account. Its personal columns are null once they were erased. */
@Entity('user_account')
export class UserRow {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  username: string | null;

  /** In the form in which two spellings are the same. */
  @Column('text', { nullable: true })
  usernameKey: string | null;

  /** `password`, `service` or `provider`. */
  @Column('text')
  kind: string;

  @Column('text')
  role: string;

  @Column('text', { nullable: true })
  email: string | null;

  /** In the form in which two spellings are the same. */
  @Column('text', { nullable: true })
  emailKey: string | null;

  @Column('text', { nullable: true })
  firstNames: string | null;

  @Column('text', { nullable: true })
  lastName: string | null;

  @Column('text', { nullable: true })
  organizationId: string | null;

  /** 1 if a code is asked for at each login, else 0. */
  @Column('integer')
  secondFactor: number;

  /** The version of the service licence agreement that was accepted last; 0 for none. */
  @Column('integer')
  acceptedAgreement: number;

  /** Epoch milliseconds. */
  @Column('bigint', { transformer: epochMs })
  createdAt: number;
}
