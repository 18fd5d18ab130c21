import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { Text } from '../surfaces/ucloud/body-rules.js';
import { Reason, WHY } from '../surfaces/ucloud/user-administration-bodies.js';

export class ProjectionBody {
  @ApiProperty({ description: 'The name of a projection.' })
  @Text()
  projection: string;
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
