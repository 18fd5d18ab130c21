import { ApiProperty } from '@nestjs/swagger';
import { ACCOUNT_ROLES } from '#domain/role.js';
import { ACCOUNT_STATUSES } from '#read-models/users/user-directory.queries.js';
import type { UserRow } from '#read-models/users/user-row.entity.js';
import { shownEmail } from '#read-models/users/users.queries.js';

/** An account as administrators see it in a list. */
export class AccountView {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null once it was erased, as are the names and the address.',
  })
  username: string | null;

  @ApiProperty({ description: 'Names the account for ever.' })
  userId: string;

  @ApiProperty({ enum: ['password', 'wayf', 'service', 'provider'] })
  type: string;

  @ApiProperty({ enum: ACCOUNT_ROLES })
  role: string;

  @ApiProperty({ enum: ACCOUNT_STATUSES })
  status: string;

  @ApiProperty({ type: String, nullable: true })
  firstNames: string | null;

  @ApiProperty({ type: String, nullable: true })
  lastName: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'As long as they have confirmed none, what the identity provider says.',
  })
  email: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The entity id of where they log in; null: here.' })
  identityProvider: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The domain of their institution.' })
  organizationId: string | null;

  @ApiProperty({ description: 'Whether a second factor is asked for at each login.' })
  twoFactorAuthentication: boolean;

  @ApiProperty({ description: 'The version that was accepted; 0: none.' })
  serviceLicenseAgreement: number;

  @ApiProperty({ description: 'Whether its sessions can do no more than choose another password.' })
  mustChangePassword: boolean;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  createdAt: number;
}

/** A part of a list that goes on after it. */
export class AccountPage {
  @ApiProperty()
  itemsPerPage: number;

  @ApiProperty({ type: [AccountView], description: 'Fewer than itemsPerPage do not mean that it is the end.' })
  items: AccountView[];

  @ApiProperty({ type: String, nullable: true, description: 'Sent back, it gives what follows; null at the end.' })
  next: string | null;
}

export const accountViewOf = (row: UserRow): AccountView => ({
  username: row.username,
  userId: row.id,
  type: row.kind,
  role: row.role,
  status: row.status,
  firstNames: row.firstNames,
  lastName: row.lastName,
  email: shownEmail(row),
  identityProvider: row.identityProvider,
  organizationId: row.organizationId,
  twoFactorAuthentication: row.secondFactor === 1,
  serviceLicenseAgreement: row.acceptedAgreement,
  mustChangePassword: row.mustChangePassword === 1,
  createdAt: row.createdAt,
});
