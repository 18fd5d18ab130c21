import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The data key of one person, wrapped by the master key. */
@Entity('data_key')
export class DataKeyRow {
  @PrimaryColumn('text')
  id: string;

  /** Whose data it seals. */
  @Column('text', { unique: true })
  subject: string;

  /** The fingerprint of the master key that wraps it. */
  @Column('text')
  masterKey: string;

  /** Null once it was destroyed; the row stays and says so. */
  @Column('text', { nullable: true })
  wrapped: string | null;

  /** ISO 8601 UTC. */
  @Column('text')
  createdAt: string;
}

/** A secret that events refer to by id: a password hash, a private key, the installation's own secret. */
@Entity('credential')
export class CredentialRow {
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  kind: string;

  /** Whose it is. */
  @Column('text')
  owner: string;

  /** The fingerprint of the master key that wraps it. */
  @Column('text')
  masterKey: string;

  @Column('text')
  wrapped: string;

  /** ISO 8601 UTC. */
  @Column('text')
  createdAt: string;
}
