import { ApiProperty } from '@nestjs/swagger';
import { ERASURE_GROUNDS } from '#domain/user/erasure-report.js';
import type { ErasedUser } from '#domain/user/user-state.js';

/** What was destroyed of a person. */
class DestroyedView {
  @ApiProperty({ description: 'Names and addresses that others can have now.' })
  identifiers: number;

  @ApiProperty({ description: 'Passwords, second factors and sets of recovery codes.' })
  credentials: number;

  @ApiProperty({ description: 'Mails that lay in the folder of mails.' })
  mails: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Sessions that lived at that moment.' })
  sessions: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Events of which nobody can read any more what was sealed.',
  })
  sealedEvents: number | null;

  @ApiProperty({ type: [String], description: 'Read models that hold nothing of the person any more.' })
  readModels: readonly string[];
}

/** How somebody was forgotten. */
export class ErasureView {
  @ApiProperty()
  userId: string;

  @ApiProperty({ enum: ERASURE_GROUNDS })
  ground: string;

  @ApiProperty({ type: String, nullable: true })
  ticket: string | null;

  @ApiProperty({ description: 'Since then nobody can use the account; epoch milliseconds.' })
  erasedAt: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Since then nothing personal is left; null while it is under way. Epoch milliseconds.',
  })
  completedAt: number | null;

  @ApiProperty({ type: DestroyedView, nullable: true, description: 'Null before anything was.' })
  destroyed: DestroyedView | null;
}

export const erasureViewOf = ({ id, ground, ticket, erasedAt, inventory, outcome }: ErasedUser): ErasureView => ({
  userId: id,
  ground,
  ticket,
  erasedAt: erasedAt.getTime(),
  completedAt: outcome?.completedAt.getTime() ?? null,
  destroyed: inventory && {
    ...inventory,
    sessions: outcome?.sessionsEnded ?? null,
    sealedEvents: outcome?.sealedEvents ?? null,
    readModels: outcome?.readModels ?? [],
  },
});
