import type { EventDescription } from '#domain/event-catalogue.js';
import { type AuthlogEvent, authlogEvents } from '#domain/events.js';
import { categoryOf, idIn } from '#domain/ids.js';
import { type Personal, readable } from '#domain/personal.js';
import { RETENTION } from '#domain/retention.js';
import type { SessionEvent } from '#domain/session/session-events.js';
import {
  type Change,
  type ProjectedEvent,
  type Projection,
  blank,
  patch,
  personal,
  put,
  removeWhere,
} from '../projection.js';
import { addressKey } from './address-range.js';
import { AUDIT_TRAIL_VERSION, AuditEntryRow, AuditSessionRow, type Outcome, placeOf } from './audit-rows.entity.js';

/** What is in the log to keep the service going, and nobody's act. */
const HOUSEKEEPING = ['LogSealed', 'ReactorAdvanced', 'ReactorBegan'] as const;

const PERSONAL = [
  personal(AuditEntryRow, 'addressOwner', 'addressKey'),
  personal(AuditSessionRow, 'userId', 'addressKey'),
];

const AGEING: ReadonlySet<string> = new Set(RETENTION.map(({ category }) => category));

export type TrailEvent = Exclude<AuthlogEvent, { type: (typeof HOUSEKEEPING)[number] }>;

const types = Object.keys(authlogEvents).filter((type) => !HOUSEKEEPING.includes(type as never));

/** By whom, when and from where what was done to whom: everything in the log, found in every way that it is asked for (design §6). */
export const auditTrail: Projection<TrailEvent> = {
  name: 'audit-trail',
  version: AUDIT_TRAIL_VERSION,
  categories: [
    'attempts',
    'audit',
    'challenge',
    'email',
    'factor',
    'idp',
    'idpsession',
    'import',
    'iterator',
    'key',
    'mail',
    'name',
    'onetime',
    'projection',
    'refusals',
    'reset',
    'samlmessage',
    'samlrequest',
    'sealing',
    'session',
    'settings',
    'user',
  ],
  types: types as TrailEvent['type'][],
  isInBackground: true,
  tables: [AuditEntryRow, AuditSessionRow],
  personal: PERSONAL,

  project: (happened) => [put(AuditEntryRow, entryOf(happened)), ...changesOf(happened)],
};

function changesOf(happened: ProjectedEvent<TrailEvent>): Change[] {
  const { event, stream, recordedAt } = happened;
  if (event.type === 'SessionOpened') return [put(AuditSessionRow, sessionOf(happened, event))];
  if (event.type === 'SessionEnded') return [patch(AuditSessionRow, idIn(stream), { endedAt: recordedAt.getTime() })];
  if (event.type === 'UserErased') return PERSONAL.map((columns) => blank(columns, event.data.userId));
  if (event.type !== 'EventsAged') return [];
  return Object.entries(event.data.recordedBefore).map(([category, time]) => forgotten(category, Date.parse(time)));
}

const forgotten = (category: string, before: number): Change =>
  removeWhere(
    AuditEntryRow,
    { column: 'ages', is: '=', value: category },
    { column: 'recordedAt', is: '<', value: before },
  );

/** Where an event is found, by what is in it. */
export function entryOf({
  event,
  stream,
  revision,
  position,
  metadata,
  recordedAt,
}: ProjectedEvent<TrailEvent>): AuditEntryRow {
  // Each has some of them, and none has another meaning for one.
  const data = event.data as Facts;
  const address = keyOf(data.ipAddress);
  return {
    id: placeOf(position),
    stream,
    revision,
    type: event.type,
    outcome: outcomeOf(event),
    userId: subjectOf(stream, data),
    actor: metadata['actor'] ?? '',
    sessionId: categoryOf(stream) === 'session' ? idIn(stream) : (data.sessionId ?? metadata['sessionId'] ?? null),
    correlationId: metadata['correlationId'] ?? '',
    addressKey: address,
    addressOwner: address === null ? null : ownerOfPersonal(event),
    recordedAt: recordedAt.getTime(),
    ages: AGEING.has(categoryOf(stream)) ? categoryOf(stream) : null,
  };
}

/** Whose data what is personal in the event is. */
function ownerOfPersonal({ type, data }: TrailEvent): string | null {
  const { personal: sealed }: EventDescription<never> = authlogEvents[type];
  // The catalogue belongs to the same event, which its index by type cannot tell the compiler.
  return sealed?.subject(data as never) ?? null;
}

/** What events of several kinds say under the same name. */
interface Facts {
  readonly userId?: string | null;
  readonly holder?: string;
  readonly sessionId?: string;
  readonly ipAddress?: Personal<string> | null;
}

/** An unfinished account has no more than its stream. */
const subjectOf = (stream: string, { userId, holder }: Facts): string | null =>
  userId ?? holder ?? (categoryOf(stream) === 'user' ? idIn(stream) : null);

const keyOf = (address: Personal<string> | null | undefined) => {
  const clear = readable(address ?? null);
  return clear === null ? null : addressKey(clear);
};

const REFUSALS: ReadonlySet<TrailEvent['type']> = new Set([
  'ChallengeExhausted',
  'ChallengeFailed',
  'LoginFailed',
  'RequestRefused',
  'SecondFactorFailed',
]);

function outcomeOf({ type, data }: TrailEvent): Outcome {
  const isReuse = type === 'SessionEnded' && data.reason === 'reuse-detected';
  return isReuse || REFUSALS.has(type) ? 'refused' : 'done';
}

type Opening = Extract<SessionEvent, { type: 'SessionOpened' }>;

function sessionOf({ stream, position, recordedAt }: ProjectedEvent<TrailEvent>, { data }: Opening): AuditSessionRow {
  const { userId, origin, federation, expiresAt, ipAddress } = data;
  const service = origin.kind === 'login' ? origin.service : null;
  return {
    id: idIn(stream),
    userId,
    opened: placeOf(position),
    openedAt: recordedAt.getTime(),
    expiresAt: Date.parse(expiresAt),
    endedAt: null,
    provider: federation?.identityProvider ?? service,
    service,
    addressKey: keyOf(ipAddress),
  };
}
