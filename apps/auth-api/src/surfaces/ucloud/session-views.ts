import { ApiProperty } from '@nestjs/swagger';
import type { SessionId } from '#domain/ids.js';
import { endOf } from '#domain/session/session-state.js';
import type { SessionRow } from '#read-models/sessions/session-row.entity.js';
import type { Page, PageRequest } from '#read-models/sessions/sessions.queries.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';

const IDENTITY_PROVIDER = 'The entity id of who has vouched for the login; null where it was made here.';
const INSTITUTION = 'The domain of whom its owner belongs to, as the identity provider says.';

/** A session in a list: UCloud's three fields, and what they leave out (design §4). */
export class SessionView {
  @ApiProperty({ description: 'Where it was opened from; "Unknown location" when not recorded.' })
  ipAddress: string;

  @ApiProperty({ description: 'What it was opened with; "Unknown device" when not recorded.' })
  userAgent: string;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  createdAt: number;

  @ApiProperty({ description: 'Ends it: DELETE /auth/sessions/{id}.' })
  id: string;

  @ApiProperty({ description: 'Whether the list was asked for in this session.' })
  current: boolean;

  @ApiProperty({ description: 'Epoch milliseconds, in steps of a minute or more.' })
  lastSeenAt: number;

  @ApiProperty({ description: 'When it ends if it is not used again; epoch milliseconds.' })
  expiresAt: number;

  @ApiProperty({ enum: ['login', 'provisioned', 'extension'], description: 'How it came to be.' })
  origin: string;

  @ApiProperty({ type: String, nullable: true, description: 'The login service it was opened at.' })
  service: string | null;

  @ApiProperty({ type: [String], description: 'How its owner was authenticated (RFC 8176).' })
  methods: string[];

  @ApiProperty({ description: 'When its owner was authenticated; epoch milliseconds.' })
  authenticatedAt: number;

  @ApiProperty({ type: String, nullable: true, description: IDENTITY_PROVIDER })
  identityProvider: string | null;

  @ApiProperty({ type: String, nullable: true, description: INSTITUTION })
  institution: string | null;

  @ApiProperty({ type: [String] })
  scopes: string[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The id of the account that had it opened for a new user.',
  })
  createdBy: string | null;

  @ApiProperty({ type: [String], description: 'The ids of the services that derived it, first to last.' })
  extendedBy: string[];
}

/** A page of them (ucloud-users-api §12). */
export class SessionPage {
  @ApiProperty()
  itemsInTotal: number;

  @ApiProperty()
  itemsPerPage: number;

  @ApiProperty({ description: 'From 0.' })
  pageNumber: number;

  @ApiProperty({ type: [SessionView] })
  items: SessionView[];
}

const MINUTE_MS = 60_000;

export const words = (text: string) => (text === '' ? [] : text.split(' '));

/** Coarse, so that the list does not tell to the second what somebody does (SEC-71). */
export const lastSeenAt = ({ openedAt, lastActiveAt }: SessionRow) =>
  Math.max(openedAt, Math.floor(lastActiveAt / MINUTE_MS) * MINUTE_MS);

/** When it ends if it is not used again. */
export const expiresAt = ({ expiresAt, lastActiveAt, idleMs }: SessionRow) =>
  Math.min(expiresAt, lastActiveAt + idleMs);

function viewOf(row: SessionRow, current: SessionId): SessionView {
  return {
    ipAddress: row.ipAddress ?? 'Unknown location',
    userAgent: row.userAgent ?? 'Unknown device',
    createdAt: row.openedAt,
    id: row.id,
    current: row.id === current,
    lastSeenAt: lastSeenAt(row),
    expiresAt: expiresAt(row),
    origin: row.origin,
    service: row.service,
    methods: words(row.amr),
    authenticatedAt: row.authenticatedAt,
    identityProvider: row.identityProvider,
    institution: row.institution,
    scopes: words(row.scopes),
    createdBy: row.createdBy,
    extendedBy: words(row.extendedBy),
  };
}

/** @param current the session that the list was asked for in */
export const sessionPageOf = (
  { number, size }: PageRequest,
  { items, itemsInTotal }: Page<SessionRow>,
  current: SessionId,
): SessionPage => ({
  itemsInTotal,
  itemsPerPage: size,
  pageNumber: number,
  items: items.map((row) => viewOf(row, current)),
});

/** The session that a call is made in. */
export class CurrentSessionView {
  @ApiProperty()
  id: string;

  @ApiProperty({ description: 'The principal id: the `sub` of tokens.' })
  username: string;

  @ApiProperty({ description: 'Names the account for ever.' })
  userId: string;

  @ApiProperty({ description: 'As it is now, not as it was when the token was issued.' })
  role: string;

  @ApiProperty({ type: [String], description: 'Of the token that was sent.' })
  scopes: string[];

  @ApiProperty({ type: [String] })
  methods: string[];

  @ApiProperty({ description: 'When its owner was authenticated; epoch milliseconds.' })
  authenticatedAt: number;

  @ApiProperty({ type: String, nullable: true, description: IDENTITY_PROVIDER })
  identityProvider: string | null;

  @ApiProperty({ type: String, nullable: true, description: INSTITUTION })
  institution: string | null;

  @ApiProperty({ description: 'Epoch milliseconds.' })
  createdAt: number;

  @ApiProperty({ description: 'When it ends if it is not used again; epoch milliseconds.' })
  expiresAt: number;
}

export function currentViewOf(caller: AuthenticatedCaller): CurrentSessionView {
  const { session } = caller;
  return {
    id: caller.sessionId,
    username: caller.username,
    userId: caller.userId,
    role: caller.role,
    scopes: [...caller.scopes],
    methods: [...session.amr],
    authenticatedAt: session.authenticatedAt.getTime(),
    identityProvider: session.federation?.identityProvider ?? null,
    institution: session.federation?.institution ?? null,
    createdAt: session.openedAt.getTime(),
    expiresAt: endOf(caller.sessionId, session, caller.account).getTime(),
  };
}
