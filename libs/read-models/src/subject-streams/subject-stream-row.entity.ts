import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Of the projection, and in the name of its table. */
export const SUBJECT_STREAMS_VERSION = 2;

/** Something in a stream is about an account. Both are ids; nothing here is personal. */
@Entity(`subject_stream_v${SUBJECT_STREAMS_VERSION}`)
@Index('stream_of_user', ['userId'])
export class SubjectStreamRow {
  /** The stream and the account, joined by a space: some streams are about several. */
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  userId: string;

  @Column('text')
  stream: string;
}
