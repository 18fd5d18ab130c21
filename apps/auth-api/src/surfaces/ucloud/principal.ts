import { ApiProperty } from '@nestjs/swagger';
import { fullName } from '#domain/user/display-name.js';
import { type FoundUser, shownEmail } from '#read-models/users/users.queries.js';

/** An account as other services see it (ucloud-users-api §13.3); services and providers have the first three fields only. */
export class Principal {
  @ApiProperty({ enum: ['password', 'wayf', 'service', 'provider'] })
  type: string;

  @ApiProperty({ description: 'The user name.' })
  id: string;

  @ApiProperty()
  role: string;

  @ApiProperty({ required: false, type: String, nullable: true })
  title?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true })
  firstNames?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true })
  lastName?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true })
  phoneNumber?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true })
  orcId?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true })
  email?: string | null;

  @ApiProperty({ required: false, description: 'Whether a second factor is asked for at each login.' })
  twoFactorAuthentication?: boolean;

  @ApiProperty({ required: false, description: 'The version that was accepted; 0: none.' })
  serviceLicenseAgreement?: number;

  @ApiProperty({ required: false, type: String, nullable: true })
  organizationId?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true, description: 'With type wayf only.' })
  wayfId?: string | null;

  @ApiProperty({ required: false })
  displayName?: string;
}

/** @param row of an account whose data was not erased; else its id stands for its name */
export function principalOf(row: FoundUser): Principal {
  const id = row.username ?? row.id;
  const { kind: type, role, firstNames, lastName, organizationId } = row;
  if (type === 'service' || type === 'provider') return { type, id, role };
  return {
    type,
    id,
    role,
    title: null,
    firstNames,
    lastName,
    phoneNumber: null,
    orcId: null,
    email: shownEmail(row),
    twoFactorAuthentication: row.secondFactor === 1,
    serviceLicenseAgreement: row.acceptedAgreement,
    organizationId,
    ...(type === 'wayf' ? { wayfId: row.subject, displayName: fullName(row) ?? id } : { displayName: id }),
  };
}
