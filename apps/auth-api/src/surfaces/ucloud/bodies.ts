import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { ROLES, type Role } from '#domain/role.js';
import { MAX_EXTENSION_MS } from '#domain/session/session-extension.js';

const TEXT = { message: '$property must be text' };
/** Longer texts are refused before any rule looks at them. */
const MAX_TEXT = 1_024;
const SHORT_ENOUGH = { message: `$property must have ${MAX_TEXT} characters or fewer` };
const MAX_TOKEN = 8_192;
const MAX_SCOPES = 100;
const MAX_TOKENS = 1_000;

/** ucloud-users-api §7.1. Field by field: a repeated field is a list, and so no text. */
export class PasswordLoginForm {
  @ApiProperty({ description: 'The name of a login service.' })
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  service: string;

  @ApiProperty()
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  username: string;

  @ApiProperty({ format: 'password' })
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  password: string;
}

export class BulkInvalidateBody {
  @ApiProperty({ type: [String], description: 'Refresh tokens.' })
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MAX_TOKENS, { message: `$property must have ${MAX_TOKENS} items or fewer` })
  @IsString({ each: true, message: '$property must hold text' })
  tokens: string[];
}

export class TokenExtensionBody {
  @ApiProperty({ description: 'The access token to extend.' })
  @IsString(TEXT)
  @MaxLength(MAX_TOKEN, { message: `$property must have ${MAX_TOKEN} characters or fewer` })
  validJWT: string;

  @ApiProperty({ type: [String] })
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MAX_SCOPES, { message: `$property must have ${MAX_SCOPES} items or fewer` })
  @IsString({ each: true, message: '$property must hold text' })
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

export class CreateUserBody {
  @ApiProperty({ description: 'Of a service: _name.' })
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  username: string;

  @ApiProperty({
    required: false,
    nullable: true,
    type: String,
    description: 'Needed for persons: 8 to 256 characters.',
  })
  @IsOptional()
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  password?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String, description: 'Needed for persons.' })
  @IsOptional()
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  email?: string | null;

  @ApiProperty({ required: false, nullable: true, enum: ['USER', 'ADMIN', 'SERVICE'], default: 'USER' })
  @IsOptional()
  @IsIn(ROLES, { message: '$property must be USER, ADMIN or SERVICE' })
  role?: Role | null;

  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  firstnames?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  lastname?: string | null;

  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @IsString(TEXT)
  @MaxLength(MAX_TEXT, SHORT_ENOUGH)
  orgId?: string | null;
}
