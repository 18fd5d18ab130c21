import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { ROLES, type Role } from '#domain/role.js';
import { MAX_EXTENSION_MS } from '#domain/session/session-extension.js';
import { MAX_PASSWORD_LENGTH, MIN_LENGTH_ALONE, MIN_LENGTH_WITH_SECOND_FACTOR } from '#domain/user/password-policy.js';
import { Code, MAX_TEXT, Text, Texts } from './body-rules.js';

const MAX_TOKEN = 8_192;
export const MAX_SCOPES = 100;
const MAX_TOKENS = 1_000;

/** ucloud-users-api §7.1. A field that was sent twice is a list, and so no text. */
export class PasswordLoginForm {
  @ApiProperty({ description: 'The name of a login service.' })
  @Text()
  service: string;

  @ApiProperty()
  @Text()
  username: string;

  @ApiProperty({ format: 'password' })
  @Text()
  password: string;
}

export class BulkInvalidateBody {
  @ApiProperty({ type: [String], maxItems: MAX_TOKENS, description: 'Refresh tokens.' })
  @Texts(MAX_TEXT, MAX_TOKENS)
  tokens: string[];
}

export class TokenExtensionBody {
  @ApiProperty({ description: 'The access token to extend.' })
  @Text(MAX_TOKEN)
  validJWT: string;

  @ApiProperty({ type: [String], maxItems: MAX_SCOPES })
  @Texts(MAX_TEXT, MAX_SCOPES)
  requestedScopes: string[];

  @ApiProperty({ minimum: 0, maximum: MAX_EXTENSION_MS, description: 'Milliseconds.' })
  @IsInt({ message: '$property must be a whole number of milliseconds' })
  @Min(0, { message: '$property must not be negative' })
  @Max(MAX_EXTENSION_MS, { message: `$property must be ${MAX_EXTENSION_MS} or less` })
  expiresIn: number;

  @ApiProperty({ required: false, default: false })
  @IsOptional()
  @IsBoolean({ message: '$property must be true or false' })
  allowRefreshes?: boolean;
}

/** What may be known of a person beside name and address (ucloud-users-api §5.9). */
export class PersonBody {
  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @Text()
  firstnames?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @Text()
  lastname?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @Text()
  orgId?: string | null;
}

export class CreateUserBody extends PersonBody {
  @ApiProperty({ description: 'Of a service: _name.' })
  @Text()
  username: string;

  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    description: `Of a person: ${MIN_LENGTH_ALONE} to ${MAX_PASSWORD_LENGTH} characters; ${MIN_LENGTH_WITH_SECOND_FACTOR} are enough where the account has to get a second factor.`,
  })
  @IsOptional()
  @Text()
  password?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String, description: 'Needed for a person.' })
  @IsOptional()
  @Text()
  email?: string | null;

  @ApiProperty({ required: false, nullable: true, enum: ['USER', 'ADMIN', 'SERVICE'], default: 'USER' })
  @IsOptional()
  @IsIn(ROLES, { message: '$property must be USER, ADMIN or SERVICE' })
  role?: Role | null;
}

/** More names than this come in several requests. */
export const MAX_LOOKED_UP = 1_000;

export class UserNameBody {
  @ApiProperty({ description: 'A user name.' })
  @Text()
  userId: string;
}

export class LookupUserWithEmailBody {
  @ApiProperty()
  @Text()
  email: string;
}

export class LookupUsersBody {
  @ApiProperty({ type: [String], maxItems: MAX_LOOKED_UP, description: 'User names.' })
  @Texts(MAX_TEXT, MAX_LOOKED_UP)
  users: string[];
}

export class ResetPasswordBody {
  @ApiProperty({ description: 'A user name.' })
  @Text()
  userId: string;

  @ApiProperty({ format: 'password' })
  @Text()
  newPassword: string;
}

export class UserIteratorBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID(undefined, { message: '$property must be a UUID, as openUserIterator answered' })
  id: string;
}

export class UpdateUserInfoBody {
  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    description: 'Another one is mailed to, and counts once it was confirmed. Needs a fresh login.',
  })
  @IsOptional()
  @Text()
  email?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String, description: 'Null or blank: as it was.' })
  @IsOptional()
  @Text()
  firstNames?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String, description: 'Null or blank: as it was.' })
  @IsOptional()
  @Text()
  lastName?: string | null;
}

export class SecondFactorCodeBody {
  @ApiProperty({
    required: false,
    oneOf: [{ type: 'integer' }, { type: 'string', pattern: '^[0-9]{1,6}$' }, { type: 'null' }],
    description: 'What the authenticator shows.',
  })
  @IsOptional()
  @Code()
  verificationCode?: string | number | null;

  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    description: 'Instead of it, one of the recovery codes.',
  })
  @IsOptional()
  @Text(100)
  recoveryCode?: string | null;
}

export class AnswerChallengeBody extends SecondFactorCodeBody {
  @ApiProperty({ format: 'uuid' })
  @Text()
  challengeId: string;
}

/** A code is needed where a second factor is enrolled and the login with it is not fresh. */
export class ChangePasswordBody extends SecondFactorCodeBody {
  @ApiProperty({ format: 'password' })
  @Text()
  currentPassword: string;

  @ApiProperty({ format: 'password' })
  @Text()
  newPassword: string;
}

export class AcceptAgreementBody {
  @ApiProperty({ type: 'integer', description: 'The version that was read.' })
  @IsInt({ message: '$property must be a whole number' })
  version: number;
}
