import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, Matches } from 'class-validator';
import { POSITION } from '#event-store/event-store.js';
import { Text } from '../surfaces/ucloud/body-rules.js';
import { Reason, WHY } from '../surfaces/ucloud/user-administration-bodies.js';

export class ProjectionBody {
  @ApiProperty({ description: 'The name of a projection.' })
  @Text()
  projection: string;
}

export class RebuildBody extends ProjectionBody {
  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    description: 'Where in the log it stops, beside the tables that are read; decimal. It replaces them without it.',
  })
  @IsOptional()
  @Matches(POSITION, { message: '$property must be a position of the log, as decimal text' })
  to?: string | null;

  @ApiProperty({ required: false, description: 'Put the new tables in their place also if they differ.' })
  @IsOptional()
  @IsBoolean({ message: '$property must be true or false' })
  force?: boolean | null;
}

export class RetryParkedBody extends ProjectionBody {
  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    description: 'The id of a parked event: what it is in line with is tried again. All that is parked without it.',
  })
  @IsOptional()
  @Text()
  eventId?: string | null;
}

export class SkipParkedBody extends ProjectionBody {
  @ApiProperty({ description: 'The id of a parked event that failed.' })
  @Text()
  eventId: string;

  @ApiProperty({ description: WHY })
  @Reason()
  reason: string;
}
