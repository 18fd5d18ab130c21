import { ApiProperty } from '@nestjs/swagger';
import { Reason, WHY } from './user-administration-bodies.js';

export class LegalHoldBody {
  @ApiProperty({ description: WHY })
  @Reason()
  reason: string;
}
