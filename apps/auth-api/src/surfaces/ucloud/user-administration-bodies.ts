import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, ValidateBy } from 'class-validator';
import { ROLES, type Role } from '#domain/role.js';
import { MAX_REASON_LENGTH } from '#domain/user/user-administration.js';
import { UserNameBody } from './bodies.js';

/** Whether it is text that says why. */
export const isReason = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && Array.from(value).length <= MAX_REASON_LENGTH;

/** Why an administrator does something; not blank. */
export const Reason = () =>
  ValidateBy({
    name: 'reason',
    validator: {
      validate: isReason,
      defaultMessage: () => `$property must be text of 1 to ${MAX_REASON_LENGTH} characters that says why`,
    },
  });

export const WHY = `Why, for those who read the log: 1 to ${MAX_REASON_LENGTH} characters.`;

export class AdministerUserBody extends UserNameBody {
  @ApiProperty({ required: false, nullable: true, type: String, description: WHY })
  @IsOptional()
  @Reason()
  reason?: string | null;
}

export class ChangeRoleBody extends AdministerUserBody {
  @ApiProperty({ enum: ['USER', 'ADMIN'] })
  @IsIn(ROLES, { message: '$property must be USER or ADMIN' })
  role: Role;
}

export class AppointAuditorBody extends AdministerUserBody {
  @ApiProperty({
    description: 'Whether they may see what is personal: names, addresses and where people logged in from.',
  })
  @IsBoolean({ message: '$property must be true or false' })
  seesPersonalData: boolean;
}

/** For what cannot be taken back (SEC-49, SEC-174). */
export class ReasonedUserBody extends UserNameBody {
  @ApiProperty({ description: WHY })
  @Reason()
  reason: string;
}
