import { ApiProperty } from '@nestjs/swagger';

/** Nothing to say but that it worked. */
export class EmptyAnswer {}

/** The password was right; a code of the second factor is still to be shown. */
export class PendingSecondFactor {
  @ApiProperty({ description: 'The id of the challenge that `POST /auth/2fa/challenge` answers.' })
  '2fa': string;
}

/** What a login gives; `refreshToken` is null where it goes into a cookie only. */
export class OptionalAuthenticationTokens {
  @ApiProperty({ description: 'A JWT of ten minutes.' })
  accessToken: string;

  @ApiProperty({ type: String, nullable: true })
  csrfToken: string | null;

  @ApiProperty({ type: String, nullable: true })
  refreshToken: string | null;
}

export class AuthenticationTokens {
  @ApiProperty()
  accessToken: string;

  @ApiProperty()
  refreshToken: string;

  @ApiProperty()
  csrfToken: string;
}

export class AccessTokenAnswer {
  @ApiProperty()
  accessToken: string;

  @ApiProperty({
    required: false,
    description: 'Only where the session rotates: the next refresh token; the one sent is spent.',
  })
  refreshToken?: string;
}

export class AccessTokenAndCsrf {
  @ApiProperty()
  accessToken: string;

  @ApiProperty()
  csrfToken: string;
}

export class OneTimeAccessToken {
  @ApiProperty({ description: 'A JWT of 60 seconds, to be claimed by who receives it.' })
  accessToken: string;

  @ApiProperty()
  jti: string;
}
