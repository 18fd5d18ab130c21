import { ApiProperty } from '@nestjs/swagger';
import type { SessionRow } from '#read-models/sessions/session-row.entity.js';
import type { HandedOutCredential } from '../../credential/credentials.js';
import { expiresAt, lastSeenAt, words } from './session-views.js';

/** A credential as it is shown once. */
export class ServiceCredential {
  @ApiProperty({ format: 'uuid' })
  credentialId: string;

  @ApiProperty({ description: 'Shown only now; gives access tokens at POST /auth/refresh.' })
  refreshToken: string;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  expiresAt: number;
}

/** A credential as it is listed. */
class CredentialView {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  createdAt: number;

  @ApiProperty({
    description:
      'When an access token was got with it last, in steps of a minute or more; else when it was made. Epoch milliseconds.',
  })
  lastUsedAt: number;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  expiresAt: number;

  @ApiProperty({ type: [String] })
  scopes: string[];

  @ApiProperty({ type: String, nullable: true, description: 'The id of the account that had it made.' })
  createdBy: string | null;
}

export class ServiceCredentials {
  @ApiProperty({ type: [CredentialView], description: 'The newest first.' })
  items: CredentialView[];
}

export const serviceCredentialOf = ({
  sessionId,
  refreshToken,
  expiresAt,
}: HandedOutCredential): ServiceCredential => ({
  credentialId: sessionId,
  refreshToken,
  expiresAt: expiresAt.getTime(),
});

export const credentialViewOf = (row: SessionRow): CredentialView => ({
  id: row.id,
  createdAt: row.openedAt,
  lastUsedAt: lastSeenAt(row),
  expiresAt: expiresAt(row),
  scopes: words(row.scopes),
  createdBy: row.createdBy,
});
