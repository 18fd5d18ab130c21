import type { AuthlogEvent } from '#domain/events.js';
import type { UserId } from '#domain/ids.js';
import { type Projection, put } from '../projection.js';
import { SUBJECT_STREAMS_VERSION, SubjectStreamRow } from './subject-stream-row.entity.js';

const TYPES = [
  'AdministrationWithdrawn',
  'AuditRead',
  'ChallengeIssued',
  'FailedLoginsCleared',
  'IdentifierReserved',
  'LoginFailed',
  'MailDispatchStarted',
  'OneTimeTokenIssued',
  'PasswordResetRequested',
  'ProviderSessionOpened',
  'ProviderSessionsEnded',
  'RequestRefused',
  'SessionOpened',
  'UserIteratorOpened',
  'UsersImported',
] as const;
type NamingEvent = Extract<AuthlogEvent, { type: (typeof TYPES)[number] }>;

/**
 * Where in the log something is about an account, besides its own stream and that of its second factor: for handing out all that is
 * held about a person, and for counting what was erased, without reading the whole log.
 */
export const subjectStreams: Projection<NamingEvent> = {
  name: 'subject-streams',
  version: SUBJECT_STREAMS_VERSION,
  categories: [
    'attempts',
    'audit',
    'challenge',
    'email',
    'idp',
    'idpsession',
    'import',
    'iterator',
    'mail',
    'name',
    'onetime',
    'refusals',
    'reset',
    'session',
    'settings',
  ],
  types: TYPES,
  isInBackground: true,
  tables: [SubjectStreamRow],

  project: ({ event, stream }) =>
    namedIn(event).map((userId) => put(SubjectStreamRow, { id: `${stream} ${userId}`, userId, stream })),
};

function namedIn({ type, data }: NamingEvent): readonly UserId[] {
  switch (type) {
    case 'IdentifierReserved':
      return [data.holder];
    case 'UserIteratorOpened':
      return [data.openedBy];
    case 'UsersImported':
      return data.userIds;
    case 'AuditRead':
    case 'FailedLoginsCleared':
    case 'LoginFailed':
    case 'PasswordResetRequested':
    case 'ProviderSessionsEnded':
    case 'RequestRefused':
      return data.userId === null || data.userId === undefined ? [] : [data.userId];
    case 'AdministrationWithdrawn':
    case 'ChallengeIssued':
    case 'MailDispatchStarted':
    case 'OneTimeTokenIssued':
    case 'ProviderSessionOpened':
    case 'SessionOpened':
      return [data.userId];
  }
}
