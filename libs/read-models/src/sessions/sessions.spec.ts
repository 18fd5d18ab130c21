import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionOpened } from '#domain/testing/sessions.js';
import { DATABASES } from '#database/testing/test-place.js';
import { type SessionId, asSessionId, asUserId, sessionStream, userStream } from '#domain/ids.js';
import type { SessionEvent, SessionOpened } from '#domain/session/session-events.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { sessions } from './sessions.projection.js';
import { SessionQueries } from './sessions.queries.js';

const ada = asUserId('ada');
const [first, second, third] = ['s1', 's2', 's3'].map(asSessionId) as [SessionId, SessionId, SessionId];

const DAY = 86_400_000;

const below = (...ancestors: readonly SessionId[]): Partial<SessionOpened> => ({
  origin: { kind: 'extension', ancestors, extendedBy: ancestors.map(() => asUserId('share')) },
});
const refreshed: SessionEvent = { type: 'SessionRefreshed', data: { userId: ada, secretHash: 'two' } };
const ended: SessionEvent = { type: 'SessionEnded', data: { userId: ada, reason: 'logout' } };
const invalidated = (epoch: number, spared: SessionId | null = null) =>
  ({ type: 'SessionsInvalidated', data: { userId: ada, epoch, spared } }) as const;

describe.each(DATABASES)('in %s', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind);
  });
  afterEach(() => fixture.close());

  const listed = async (now = '2030-01-02T00:00:00.000Z', page = { number: 0, size: 50 }) => {
    await fixture.catchUp(sessions);
    return new SessionQueries(fixture.database.reader).ofUser(ada, new Date(now), page);
  };
  const ids = async (now?: string) => (await listed(now)).items.map(({ id }) => id);

  describe('the sessions of a user', () => {
    it('are listed with what the log knows of them', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      await fixture.happened(sessionStream(first), refreshed, '2030-01-01T12:00:00.000Z');
      expect(await listed()).toEqual({
        itemsInTotal: 1,
        items: [
          {
            id: first,
            userId: ada,
            epoch: 0,
            origin: 'login',
            service: 'web',
            createdBy: null,
            parentId: null,
            extendedBy: '',
            scopes: 'all:write',
            amr: 'pwd otp',
            identityProvider: null,
            institution: null,
            ipAddress: '192.0.2.7',
            userAgent: 'curl/8',
            authenticatedAt: Date.parse('2030-01-01T00:00:00.000Z'),
            openedAt: Date.parse('2030-01-01T00:00:00.000Z'),
            lastActiveAt: Date.parse('2030-01-01T12:00:00.000Z'),
            expiresAt: Date.parse('2030-01-31T00:00:00.000Z'),
            idleMs: 14 * DAY,
          },
        ],
      });
    });

    it('say who vouched for a login that was not made here, and when they saw its owner', async () => {
      const federation = { institution: 'sdu.example', authnContext: null, assurance: ['2'] };
      const byWayf = sessionOpened({
        amr: ['saml'],
        authenticatedAt: '2029-12-31T22:00:00.000Z',
        federation: { identityProvider: 'https://wayf.example', ...federation },
      });
      await fixture.happened(sessionStream(first), byWayf);
      expect((await listed()).items).toMatchObject([
        {
          amr: 'saml',
          identityProvider: 'https://wayf.example',
          institution: 'sdu.example',
          authenticatedAt: Date.parse('2029-12-31T22:00:00.000Z'),
          openedAt: Date.parse('2030-01-01T00:00:00.000Z'),
        },
      ]);
    });

    it('are the newest first, in pages', async () => {
      for (let n = 0; n < 5; n += 1)
        await fixture.happened(sessionStream(asSessionId(`s${n}`)), sessionOpened(), `2030-01-01T00:0${n}:00.000Z`);
      expect((await listed(undefined, { number: 0, size: 2 })).items.map(({ id }) => id)).toEqual(['s4', 's3']);
      const last = await listed(undefined, { number: 2, size: 2 });
      expect([last.itemsInTotal, last.items.map(({ id }) => id)]).toEqual([5, ['s0']]);
      expect(await listed(undefined, { number: 3, size: 2 })).toEqual({ itemsInTotal: 5, items: [] });
    });

    it('are those of nobody else', async () => {
      await fixture.happened(sessionStream(first), sessionOpened({ userId: asUserId('eve') }));
      expect(await ids()).toEqual([]);
    });

    it('no longer hold one that was ended', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      await fixture.happened(sessionStream(second), sessionOpened());
      await fixture.happened(sessionStream(first), ended);
      expect(await ids()).toEqual([second]);
    });

    it('hold one until it expires, unused or in all', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      expect(await ids('2030-01-14T23:59:59.999Z')).toEqual([first]);
      expect(await ids('2030-01-15T00:00:00.000Z')).toEqual([]);
      await fixture.happened(sessionStream(first), refreshed, '2030-01-14T00:00:00.000Z');
      await fixture.happened(sessionStream(first), refreshed, '2030-01-27T00:00:00.000Z');
      expect(await ids('2030-01-30T23:59:59.999Z')).toEqual([first]);
      expect(await ids('2030-01-31T00:00:00.000Z')).toEqual([]);
    });

    it('hold none of an earlier epoch but the spared one, also when a login raced its end', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      await fixture.happened(sessionStream(second), sessionOpened());
      await fixture.happened(userStream(ada), invalidated(1, second));
      await fixture.happened(sessionStream(third), sessionOpened());
      expect(await ids()).toEqual([second]);
      await fixture.happened(sessionStream(asSessionId('s4')), sessionOpened({ epoch: 1 }), '2030-01-01T01:00:00.000Z');
      expect(await ids()).toEqual(['s4', second]);
      await fixture.happened(userStream(ada), invalidated(2));
      expect(await ids()).toEqual([]);
    });

    it('hold an extension as long as every session above it lives', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      await fixture.happened(sessionStream(second), sessionOpened(below(first)), '2030-01-01T00:01:00.000Z');
      await fixture.happened(sessionStream(third), sessionOpened(below(first, second)), '2030-01-01T00:02:00.000Z');
      expect(await ids()).toEqual([third, second, first]);
      await fixture.happened(sessionStream(second), ended);
      expect(await ids()).toEqual([first]);
      await fixture.happened(sessionStream(asSessionId('s4')), sessionOpened(below(first, second)));
      expect(await ids()).toEqual([first]);
    });

    it('end when a newer credential has replaced them, but no later than they said', async () => {
      const credential = { origin: { kind: 'provisioned', createdBy: null }, idleMs: 365 * DAY } as const;
      const issue = (sessionId: SessionId, othersEndAt: string | null) =>
        ({
          type: 'CredentialIssued',
          data: { userId: ada, sessionId, expiresAt: '2030-04-01T00:00:00.000Z', othersEndAt },
        }) as const;
      await fixture.happened(
        sessionStream(first),
        sessionOpened({ ...credential, expiresAt: '2030-01-01T12:00:00.000Z' }),
      );
      await fixture.happened(userStream(ada), issue(second, null));
      await fixture.happened(sessionStream(second), sessionOpened(credential), '2030-01-01T00:01:00.000Z');
      await fixture.happened(sessionStream(asSessionId('s4')), sessionOpened(), '2030-01-01T00:02:00.000Z');
      await fixture.happened(
        sessionStream(asSessionId('s5')),
        sessionOpened({ ...credential, userId: asUserId('eve') }),
      );
      await fixture.happened(userStream(ada), issue(third, '2030-01-03T00:00:00.000Z'));
      await fixture.happened(sessionStream(third), sessionOpened(credential), '2030-01-01T00:03:00.000Z');

      expect(await ids('2030-01-01T11:59:59.999Z')).toEqual([third, 's4', second, first]);
      expect(await ids('2030-01-02T23:59:59.999Z')).toEqual([third, 's4', second]);
      expect(await ids('2030-01-03T00:00:00.000Z')).toEqual([third, 's4']);
      const credentials = (owner = ada, now = '2030-01-02T00:00:00.000Z') =>
        new SessionQueries(fixture.database.reader).credentialsOf(owner, new Date(now));
      expect((await credentials()).map(({ id, expiresAt }) => [id, expiresAt])).toEqual([
        [third, Date.parse('2030-01-31T00:00:00.000Z')],
        [second, Date.parse('2030-01-03T00:00:00.000Z')],
      ]);
      expect(await credentials(asUserId('eve'))).toMatchObject([{ expiresAt: Date.parse('2030-01-31T00:00:00.000Z') }]);
    });

    it('show nothing of a person who was erased', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      fixture.keys.destroy(ada);
      expect((await listed()).items).toMatchObject([{ ipAddress: null, userAgent: null }]);
    });

    it('tell nothing of where a person was who was erased, not even one that opened late', async () => {
      await fixture.happened(sessionStream(first), sessionOpened({ epoch: 1 }));
      expect((await listed()).items).toMatchObject([{ ipAddress: '192.0.2.7', userAgent: 'curl/8' }]);
      await fixture.happened(userStream(ada), { type: 'UserErased', data: { userId: ada, ground: 'own-request' } });
      expect((await listed()).items).toMatchObject([{ ipAddress: null, userAgent: null }]);
    });

    it('that expired are swept out by the log itself', async () => {
      await fixture.happened(sessionStream(first), sessionOpened());
      const later = sessionOpened({ expiresAt: '2030-03-01T00:00:00.000Z' });
      await fixture.happened(sessionStream(asSessionId('s00')), later, '2030-02-01T00:00:00.000Z');
      await fixture.catchUp(sessions);
      expect(await fixture.rows(sessions)).toMatchObject({ rows: [[{ id: 's00' }], []] });
    });
  });
});
