import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionOpened } from '#domain/testing/sessions.js';
import { DATABASES } from '#database/testing/test-place.js';
import { attemptsStream } from '#domain/attempts/attempts.js';
import { AGEING } from '#domain/ageing/ageing.js';
import { authlogEvents } from '#domain/events.js';
import { type SessionId, asSessionId, asUserId, sessionStream, userStream } from '#domain/ids.js';
import type { SessionEvent, SessionOpened } from '#domain/session/session-events.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { addressRange } from './address-range.js';
import { type AuditEntryRow, placeOf, positionOf } from './audit-rows.entity.js';
import { AuditSessionQueries, type SessionFilter } from './audit-sessions.queries.js';
import { auditTrail } from './audit-trail.projection.js';
import {
  AuditTrailQueries,
  NO_FILTER,
  type TrailFilter,
  type TrailOrder,
  type TrailRange,
} from './audit-trail.queries.js';

const [ada, eve] = [asUserId('ada'), asUserId('eve')];
const ended = (reason: 'logout' | 'reuse-detected'): SessionEvent => ({
  type: 'SessionEnded',
  data: { userId: ada, reason },
});
const failed = {
  type: 'LoginFailed',
  data: {
    reason: 'wrong-password',
    userId: null,
    failedAt: '2030-01-01T00:00:00.000Z',
    addressDigest: 'a',
    networkDigest: 'n',
    ipAddress: '203.0.113.9',
  },
} as const;

it('is of everything in the log but what keeps the service going', () => {
  const left = Object.keys(authlogEvents).filter((type) => !auditTrail.types.includes(type as never));
  expect(left.toSorted()).toEqual(['LogSealed', 'ReactorAdvanced', 'ReactorBegan']);
});

it('has places in the order of positions', () => {
  const positions = ['0', '9', '10', '18446744073709551615'];
  expect(positions.map(placeOf).toSorted()).toEqual(positions.map(placeOf));
  expect(positions.map((position) => positionOf(placeOf(position)))).toEqual(positions);
});

describe.each(DATABASES)('the audit trail in %s', (kind) => {
  let fixture: ReadModelFixture;
  let recordedAt: string;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind, [auditTrail]);
    fixture.store = new MemoryEventStore(() => new Date(recordedAt));
    recordedAt = '2030-01-01T00:00:00.000Z';
  });
  afterEach(() => fixture.close());

  const trail = () => new AuditTrailQueries(fixture.database.reader);
  const ALL: TrailRange = { first: null, last: null };
  const page = async (filter: Partial<TrailFilter> = {}, range = ALL, order: TrailOrder = 'oldest') => {
    await fixture.catchUp(auditTrail);
    return trail().page({ ...NO_FILTER, ...filter }, range, { order, after: null, size: 100 });
  };
  const positions = (entries: readonly AuditEntryRow[]) => entries.map(({ id }) => Number(positionOf(id)));

  it('finds what was done by whom, to whom, in which session, from where, and what was refused', async () => {
    await fixture.happened(sessionStream(asSessionId('s1')), sessionOpened());
    await fixture.happened(attemptsStream('x'), failed);
    await fixture.happened(sessionStream(asSessionId('s2')), sessionOpened({ userId: eve, ipAddress: '2001:db8::7' }));
    await fixture.happened(sessionStream(asSessionId('s1')), ended('reuse-detected'));
    await fixture.happened(userStream(ada), { type: 'UserCreationAbandoned', data: {} });
    expect(positions(await page())).toEqual([1, 2, 3, 4, 5]);
    expect(positions(await page({ userId: ada }))).toEqual([1, 4, 5]);
    expect(positions(await page({ sessionId: 's1' }))).toEqual([1, 4]);
    expect(positions(await page({ outcome: 'refused' }, ALL, 'newest'))).toEqual([4, 2]);
    expect(positions(await page({ type: 'SessionOpened', userId: eve }))).toEqual([3]);
    expect(positions(await page({ addresses: addressRange('192.0.2.0/24') }))).toEqual([1]);
    expect(positions(await page({ addresses: addressRange('2001:db8::7'), outcome: 'done' }))).toEqual([3]);
    expect(positions(await page({}, { first: placeOf('2'), last: placeOf('4') }))).toEqual([2, 3, 4]);
  });

  it('shows nothing of where somebody was who was erased', async () => {
    await fixture.happened(sessionStream(asSessionId('s1')), sessionOpened());
    fixture.keys.destroy(ada);
    expect(await page()).toMatchObject([{ userId: ada, addressKey: null }]);
  });

  it('forgets what is kept no longer when the log says so, and nothing else', async () => {
    await fixture.happened(attemptsStream('x'), failed);
    await fixture.happened(sessionStream(asSessionId('s1')), sessionOpened());
    recordedAt = '2030-01-02T00:00:00.000Z';
    await fixture.happened(attemptsStream('x'), failed);
    await fixture.happened(AGEING, { type: 'EventsAged', data: { recordedBefore: { attempts: recordedAt } } });
    expect(positions(await page())).toEqual([2, 3, 4]);
  });

  it('finds the first event after a time, also where the clock was put back', async () => {
    const at = async (time: string) => {
      recordedAt = `2030-01-01T${time}.000Z`;
      await fixture.happened(userStream(ada), { type: 'UserCreationAbandoned', data: {} });
    };
    for (const time of ['10:00:00', '12:00:03', '12:00:01', '12:00:02', '12:00:04']) await at(time);
    await fixture.catchUp(auditTrail);
    const firstAfter = async (time: string) =>
      (await trail().firstAfter(new Date(`2030-01-01T${time}Z`)))?.id ?? 'none';
    expect(await firstAfter('09:00:00')).toBe(placeOf('1'));
    expect(await firstAfter('10:00:00')).toBe(placeOf('2'));
    expect(await firstAfter('12:00:01.5')).toBe(placeOf('2'));
    expect(await firstAfter('12:00:03')).toBe(placeOf('5'));
    expect(await firstAfter('12:00:04')).toBe('none');
  });

  it('is the same in pages, in both orders, while events arrive', async () => {
    const write = async (n: number) => {
      const owner = n % 3 === 0 ? eve : ada;
      await fixture.happened(sessionStream(asSessionId(`s${n}`)), sessionOpened({ userId: owner }));
    };
    for (let n = 0; n < 12; n += 1) await write(n);
    let written = 12;
    const walk = async (order: TrailOrder, size: number, filter: TrailFilter) => {
      const seen: AuditEntryRow[] = [];
      for (let after: string | null = null; ;) {
        const rows: AuditEntryRow[] = await trail().page(
          filter,
          { first: null, last: placeOf('12') },
          { order, after, size },
        );
        seen.push(...rows);
        after = rows.at(-1)?.id ?? null;
        if (after === null) return positions(seen);
        if (written < 15) await write((written += 1));
        await fixture.catchUp(auditTrail);
      }
    };
    await fixture.catchUp(auditTrail);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<TrailOrder[]>('newest', 'oldest'),
        fc.integer({ min: 1, max: 13 }),
        fc.constantFrom(null, ada, eve),
        async (order, size, userId) => {
          const filter = { ...NO_FILTER, userId };
          const whole = await page(filter, { first: null, last: placeOf('12') }, order);
          expect(await walk(order, size, filter)).toEqual(positions(whole));
        },
      ),
      { numRuns: 15, seed: 5 },
    );
  });

  it('knows every session that was ever opened', async () => {
    const open = (id: SessionId, more: Partial<SessionOpened> = {}) =>
      fixture.happened(sessionStream(id), sessionOpened(more));
    await open(asSessionId('s1'));
    recordedAt = '2030-01-02T00:00:00.000Z';
    await open(asSessionId('s2'), { ipAddress: '198.51.100.1', origin: { kind: 'provisioned', createdBy: null } });
    await open(asSessionId('s3'), { userId: eve, expiresAt: '2030-01-02T12:00:00.000Z' });
    recordedAt = '2030-01-03T00:00:00.000Z';
    await fixture.happened(sessionStream(asSessionId('s1')), ended('logout'));
    const federation = {
      identityProvider: 'https://wayf.example',
      institution: null,
      authnContext: null,
      assurance: [],
    };
    await open(asSessionId('s4'), { userId: eve, expiresAt: '2030-01-03T00:00:00.001Z', federation });
    await fixture.catchUp(auditTrail);
    const any: SessionFilter = {
      userId: null,
      provider: null,
      service: null,
      addresses: null,
      openedFrom: null,
      openedTo: null,
      aliveAt: null,
    };
    const ids = async (filter: Partial<SessionFilter>, before: string | null = null, size = 10) =>
      (await new AuditSessionQueries(fixture.database.reader).page({ ...any, ...filter }, before, size)).map(
        ({ id }) => id,
      );
    expect(await ids({})).toEqual(['s4', 's3', 's2', 's1']);
    expect(await new AuditSessionQueries(fixture.database.reader).count({ ...any, userId: ada })).toBe(2);
    expect(await ids({}, placeOf('3'), 1)).toEqual(['s2']);
    expect(await ids({ userId: eve })).toEqual(['s4', 's3']);
    expect(await ids({ provider: 'web' })).toEqual(['s3', 's1']);
    expect(await ids({ provider: 'https://wayf.example' })).toEqual(['s4']);
    expect(await ids({ service: 'web' })).toEqual(['s4', 's3', 's1']);
    expect(await ids({ addresses: addressRange('198.51.100.0/24') })).toEqual(['s2']);
    expect(await ids({ openedTo: new Date('2030-01-01T00:00:00.000Z') })).toEqual(['s1']);
    expect(await ids({ openedFrom: new Date('2030-01-01T00:00:00.001Z') })).toEqual(['s4', 's3', 's2']);
    expect(await ids({ aliveAt: new Date('2030-01-01T23:00:00.000Z') })).toEqual(['s1']);
    expect(await ids({ aliveAt: new Date('2030-01-02T13:00:00.000Z') })).toEqual(['s2', 's1']);
    expect(await ids({ aliveAt: new Date('2030-01-04T00:00:00.000Z') })).toEqual(['s2']);
  });
});
