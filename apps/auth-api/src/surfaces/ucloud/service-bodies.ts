import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsUUID } from 'class-validator';
import {
  DEFAULT_CREDENTIAL_MS,
  DEFAULT_OVERLAP_MS,
  MAX_CREDENTIAL_MS,
  MAX_OVERLAP_MS,
  MIN_CREDENTIAL_MS,
} from '#domain/user/credentials.js';
import { MAX_SCOPES } from './bodies.js';
import { MAX_TEXT, Text, Texts } from './body-rules.js';

const WHOLE_MS = { message: '$property must be a whole number of milliseconds' };

const LIFETIME = {
  required: false,
  type: 'integer',
  minimum: MIN_CREDENTIAL_MS,
  maximum: MAX_CREDENTIAL_MS,
  default: DEFAULT_CREDENTIAL_MS,
  description: 'How long the credential lives; milliseconds.',
} as const;

export class CreateServiceBody {
  @ApiProperty({ description: '_name.' })
  @Text()
  username: string;

  @ApiProperty({
    type: [String],
    maxItems: MAX_SCOPES,
    description: 'What it may do at most, within what your token allows.',
  })
  @Texts(MAX_TEXT, MAX_SCOPES)
  scopes: string[];

  @ApiProperty(LIFETIME)
  @IsOptional()
  @IsInt(WHOLE_MS)
  expiresAfter?: number | null;
}

export class ServiceBody {
  @ApiProperty({ description: 'The user name of the service.' })
  @Text()
  service: string;
}

export class RotateCredentialBody extends ServiceBody {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 0,
    maximum: MAX_OVERLAP_MS,
    default: DEFAULT_OVERLAP_MS,
    description: 'How long the credentials before it go on at most; milliseconds. 0: they end at once.',
  })
  @IsOptional()
  @IsInt(WHOLE_MS)
  overlap?: number | null;

  @ApiProperty(LIFETIME)
  @IsOptional()
  @IsInt(WHOLE_MS)
  expiresAfter?: number | null;

  @ApiProperty({
    required: false,
    type: String,
    description: 'Of a service that rotates for itself: the refresh token of the credential that asks.',
  })
  @IsOptional()
  @Text()
  refreshToken?: string | null;
}

export class RevokeCredentialBody extends ServiceBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID(undefined, { message: '$property must be the id of a credential' })
  credentialId: string;
}
