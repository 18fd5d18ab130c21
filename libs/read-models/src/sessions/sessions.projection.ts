import { type SessionId, type UserId, idIn } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import type { SessionEvent, SessionOpened, SessionOrigin } from '#domain/session/session-events.js';
import type { UserEvent } from '#domain/user/user-events.js';
import {
  type Change,
  type Projection,
  blank,
  patch,
  patchWhere,
  personal,
  put,
  remove,
  removeWhere,
} from '../projection.js';
import { SESSIONS_VERSION, SessionEpochRow, SessionRow } from './session-row.entity.js';

type EventOfOwner = Extract<UserEvent, { type: 'CredentialIssued' | 'SessionsInvalidated' | 'UserErased' }>;

const PERSONAL = personal(SessionRow, 'userId', 'ipAddress', 'userAgent');

/** The sessions a user can see and end. */
export const sessions: Projection<SessionEvent | EventOfOwner> = {
  name: 'sessions',
  version: SESSIONS_VERSION,
  categories: ['session', 'user'],
  types: ['SessionOpened', 'SessionRefreshed', 'SessionEnded', 'CredentialIssued', 'SessionsInvalidated', 'UserErased'],
  tables: [SessionRow, SessionEpochRow],
  personal: [PERSONAL],

  project({ event: { type, data }, stream, occurredAt }) {
    const id = idIn(stream);
    switch (type) {
      case 'SessionOpened':
        return [put(SessionRow, asRow(id, data, occurredAt)), ...sweep(id, occurredAt)];
      case 'SessionRefreshed':
        return [patch(SessionRow, id, { lastActiveAt: occurredAt.getTime() })];
      case 'SessionEnded':
        return [remove(SessionRow, id)];
      case 'CredentialIssued':
        return data.othersEndAt === null ? [] : [replaced(data.userId, data.sessionId, Date.parse(data.othersEndAt))];
      case 'UserErased':
        return [blank(PERSONAL, data.userId)];
      case 'SessionsInvalidated': {
        const { userId, epoch, spared } = data;
        return [
          put(SessionEpochRow, { id: userId, epoch, spared }),
          // Only to keep the table small: a login that raced this event may still add a row of an earlier epoch.
          removeWhere(
            SessionRow,
            { column: 'userId', is: '=', value: userId },
            { column: 'epoch', is: '<', value: epoch },
            { column: 'id', is: '<>', value: spared ?? '' },
          ),
        ];
      }
    }
  },
};

/** The credentials before a new one end no later than this. */
const replaced = (userId: UserId, newest: SessionId, end: number): Change =>
  patchWhere(
    SessionRow,
    { expiresAt: end },
    { column: 'userId', is: '=', value: userId },
    { column: 'origin', is: '=', value: 'provisioned' },
    { column: 'id', is: '<>', value: newest },
    { column: 'expiresAt', is: '>', value: end },
  );

/** Expired rows are removed now and then, at the log's own time, so that every replay does it alike: at one login in 256. */
const sweep = (id: string, now: Date): Change[] =>
  id.endsWith('00') ? [removeWhere(SessionRow, { column: 'expiresAt', is: '<=', value: now.getTime() })] : [];

function asRow(id: string, data: SessionOpened, openedAt: Date): SessionRow {
  return {
    id,
    userId: data.userId,
    epoch: data.epoch,
    ...originColumns(data.origin),
    scopes: data.scopes.join(' '),
    amr: data.amr.join(' '),
    identityProvider: data.federation?.identityProvider ?? null,
    institution: data.federation?.institution ?? null,
    ipAddress: readable(data.ipAddress),
    userAgent: readable(data.userAgent),
    authenticatedAt: Date.parse(data.authenticatedAt),
    openedAt: openedAt.getTime(),
    lastActiveAt: openedAt.getTime(),
    expiresAt: Date.parse(data.expiresAt),
    idleMs: data.idleMs,
  };
}

function originColumns(origin: SessionOrigin) {
  const none = { service: null, createdBy: null, parentId: null, extendedBy: '' };
  switch (origin.kind) {
    case 'login':
      return { ...none, origin: origin.kind, service: origin.service };
    case 'provisioned':
      return { ...none, origin: origin.kind, createdBy: origin.createdBy };
    case 'extension': {
      const { kind, ancestors, extendedBy } = origin;
      return { ...none, origin: kind, parentId: ancestors.at(-1) ?? null, extendedBy: extendedBy.join(' ') };
    }
  }
}
