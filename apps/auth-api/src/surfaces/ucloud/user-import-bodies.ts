import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsIn, IsObject, IsOptional } from 'class-validator';
import {
  HASH_BYTES,
  MAX_BCRYPT_COST,
  MAX_ITERATIONS,
  MIN_BCRYPT_COST,
  MIN_ITERATIONS,
  SALT_BYTES,
} from '#domain/user/imported-password.js';
import { PersonBody } from './bodies.js';
import { Text } from './body-rules.js';

const inBase64 = ({ least, most }: { readonly least: number; readonly most: number }) =>
  `${least} to ${most} bytes in Base64, with its padding.`;

export class Pbkdf2HashBody {
  @ApiProperty({ enum: ['pbkdf2-sha512', 'pbkdf2-sha256'], description: 'With HMAC; UCloud has the first.' })
  algorithm: string;

  @ApiProperty({ type: 'integer', minimum: MIN_ITERATIONS, maximum: MAX_ITERATIONS, description: 'UCloud: 10000.' })
  iterations: number;

  @ApiProperty({ description: inBase64(SALT_BYTES) })
  salt: string;

  @ApiProperty({ description: inBase64(HASH_BYTES) })
  hash: string;
}

export class BcryptHashBody {
  @ApiProperty({ enum: ['bcrypt'] })
  algorithm: string;

  @ApiProperty({
    description: `$2a$, $2b$ or $2y$, a cost from ${MIN_BCRYPT_COST} to ${MAX_BCRYPT_COST}, salt and hash: 60 characters.`,
  })
  hash: string;
}

@ApiExtraModels(Pbkdf2HashBody, BcryptHashBody)
export class ImportUserBody extends PersonBody {
  @ApiProperty()
  @Text()
  username: string;

  @ApiProperty()
  @Text()
  email: string;

  @ApiProperty({ required: false, nullable: true, enum: ['USER', 'ADMIN'], default: 'USER' })
  @IsOptional()
  @IsIn(['USER', 'ADMIN'], { message: '$property must be USER or ADMIN' })
  role?: 'USER' | 'ADMIN' | null;

  @ApiProperty({
    description: 'Good until its owner logs in; then it is replaced.',
    oneOf: [Pbkdf2HashBody, BcryptHashBody].map((body) => ({ $ref: getSchemaPath(body) })),
  })
  @IsObject({ message: '$property must be an object' })
  passwordHash: Readonly<Record<string, unknown>>;
}

class CreatedUser {
  @ApiProperty()
  username: string;

  @ApiProperty({ format: 'uuid', description: 'The `uid` of its tokens.' })
  userId: string;
}

export class ImportedUsersAnswer {
  @ApiProperty({ type: [CreatedUser], description: 'In the order of the list.' })
  created: CreatedUser[];
}
