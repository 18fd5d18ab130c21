import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a projection has come. It moves in the transaction that writes the rows. */
@Entity('checkpoint')
export class CheckpointRow {
  @PrimaryColumn('text')
  projection: string;

  /** The projection's version that filled its tables. */
  @Column('integer')
  version: number;

  /** The position of the last event that was considered; decimal. */
  @Column('text')
  position: string;
}
