import fc from 'fast-check';
import type { ObjectLiteral } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { administrationEvents } from '#domain/administration/administration.js';
import { attemptsEvents } from '#domain/attempts/attempts.js';
import { auditReadingEvents } from '#domain/audit/audit-reading.js';
import { refusalEvents } from '#domain/refusal/refusal.js';
import { challengeEvents } from '#domain/challenge/challenge.js';
import type { DomainEvent } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import { mailEvents } from '#domain/mail/mail.js';
import { oneTimeTokenEvents } from '#domain/one-time-token/one-time-token.js';
import { passwordResetEvents } from '#domain/password-reset/password-reset.js';
import { reservationEvents } from '#domain/reservation/reservation.js';
import { acceptedMessageEvents } from '#domain/saml/accepted-message.js';
import { providerSessionEvents } from '#domain/saml/provider-session.js';
import { samlRequestEvents } from '#domain/saml/saml-request.js';
import { secondFactorEvents } from '#domain/second-factor/second-factor.js';
import { sessionEvents } from '#domain/session/session-events.js';
import { userImportEvents } from '#domain/user-import/user-import.js';
import { userIteratorEvents } from '#domain/user-iterator/user-iterator.js';
import type { Condition, ProjectedEvent, Projection, Table } from '#read-models/projection.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { ReadModelFixture } from '#read-models/testing/read-model-fixture.js';
import { eventSamples } from './support/event-samples.js';

interface Happening {
  readonly stream: StreamName;
  readonly event: DomainEvent;
  /** Seconds since the one before. */
  readonly after: number;
}

const ACCOUNTS = [1, 2, 3].map((n) => `01890000-0000-7000-8000-00000000000${n}`);
// One of them is of those with which the list of sessions is swept.
const SESSIONS = ['01', '02', '00'].map((end) => `00000000-0000-4000-8000-0000000000${end}`);
const ANY_ACCOUNT = /01890000-0000-7000-8000-[0-9a-f]{12}/g;
const ANY_SESSION = /00000000-0000-4000-8000-00000000000[1-9a-f]/g;

/** Whose events stand in which streams; of the others those of accounts. */
const CATEGORIES = Object.entries({
  attempts: attemptsEvents,
  audit: auditReadingEvents,
  challenge: challengeEvents,
  factor: secondFactorEvents,
  idpsession: providerSessionEvents,
  import: userImportEvents,
  iterator: userIteratorEvents,
  mail: mailEvents,
  name: reservationEvents,
  onetime: oneTimeTokenEvents,
  refusals: refusalEvents,
  reset: passwordResetEvents,
  samlmessage: acceptedMessageEvents,
  samlrequest: samlRequestEvents,
  session: sessionEvents,
  settings: administrationEvents,
});
const categoryOfType = (type: string) => CATEGORIES.find(([, events]) => type in events)?.[0] ?? 'user';

/** Everything that a projection follows, of few accounts and sessions, in any order. */
const historyFor = ({ types }: Projection): fc.Arbitrary<Happening[]> => {
  const samples = types.flatMap((type) => eventSamples[type].map((data) => ({ type, data: JSON.stringify(data) })));
  const happening = fc.record({
    sample: fc.constantFrom(...samples),
    account: fc.constantFrom(...ACCOUNTS),
    session: fc.constantFrom(...SESSIONS),
    after: fc.nat({ max: 40 * 86_400 }),
  });
  return fc.array(
    happening.map(({ sample: { type, data }, account, session, after }): Happening => {
      const category = categoryOfType(type);
      const event = JSON.parse(data.replace(ANY_ACCOUNT, account).replace(ANY_SESSION, session)) as object;
      return {
        stream: `${category}-${category === 'session' ? session : account}`,
        event: { type, data: event },
        after,
      };
    }),
    { maxLength: 40, size: 'max' },
  );
};

interface Mishaps {
  readonly eventsTogether: number;
  readonly restartsAfter: readonly number[];
  readonly lostAt: readonly number[];
}

/** What can come between: how many events share a transaction, when the process ends, and at which events the database is lost once. */
const mishaps: fc.Arbitrary<Mishaps> = fc.record({
  eventsTogether: fc.integer({ min: 1, max: 12 }),
  restartsAfter: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
  lostAt: fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 4 }),
});

type Rows = Map<Table, Map<string, ObjectLiteral>>;

/** The same changes on plain maps, one after the other. */
function fold(projection: Projection, events: readonly ProjectedEvent[]): Rows {
  const tables: Rows = new Map(projection.tables.map((table) => [table, new Map<string, ObjectLiteral>()]));
  for (const event of events)
    for (const change of projection.project(event)) {
      const rows = tables.get(change.table) ?? new Map<string, ObjectLiteral>();
      if (change.kind === 'put') rows.set(String(change.row['id']), change.row);
      else if (change.kind === 'remove') rows.delete(change.id);
      else if (change.kind === 'patch') {
        const row = rows.get(change.id);
        if (row !== undefined) rows.set(change.id, { ...row, ...change.fields });
      } else
        for (const [id, row] of rows) {
          if (!change.conditions.every((condition) => meets(row, condition))) continue;
          if (change.kind === 'remove-where') rows.delete(id);
          else rows.set(id, { ...row, ...change.fields });
        }
    }
  return tables;
}

function meets(row: ObjectLiteral, { column, is, value }: Condition): boolean {
  const actual = row[column] as string | number | null;
  // As in SQL, where nothing is known of what is not there.
  if (actual === null) return false;
  switch (is) {
    case '=':
      return actual === value;
    case '<>':
      return actual !== value;
    case '<':
      return actual < value;
    case '<=':
      return actual <= value;
    case '>':
      return actual > value;
  }
}

const sorted = (tables: Rows) =>
  [...tables.values()].map((rows) => [...rows.values()].toSorted((one, other) => (one['id'] < other['id'] ? -1 : 1)));

describe.each(DATABASES)('in %s', (kind) => {
  let fixture: ReadModelFixture;
  beforeAll(async () => {
    fixture = await ReadModelFixture.open(kind, PROJECTIONS);
  });
  afterAll(() => fixture.close());

  /** Goes on until all is applied, through everything that comes between. */
  async function follow(projection: Projection, { eventsTogether, restartsAfter, lostAt }: Mishaps) {
    const left = new Set(lostAt);
    let applied = 0;
    const unlucky: Projection = {
      ...projection,
      project(event) {
        if (left.delete((applied += 1))) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
        return projection.project(event);
      },
    };
    for (const transactions of restartsAfter) await fixture.follow(unlucky, eventsTogether, transactions);
    await fixture.catchUpThroughFaults(unlucky, eventsTogether);
  }

  it.each(PROJECTIONS.map((projection) => [projection.name, projection] as const))(
    '%s are the same followed through mishaps, filled anew, and folded (SEC-162)',
    async (_, projection) => {
      const rows = async () => ((await fixture.rows(projection)) as { rows: unknown }).rows;
      await fc.assert(
        fc.asyncProperty(historyFor(projection), mishaps, async (history, between) => {
          fixture.beginAnew();
          await fixture.forget(projection);
          let time = Date.parse('2029-12-01T00:00:00.000Z');
          for (const { stream, event, after } of history)
            await fixture.happened(stream, event, new Date((time += after * 1_000)).toISOString());

          await follow(projection, between);
          const followed = await rows();
          await fixture.forget(projection);
          await fixture.catchUp(projection);
          expect(await rows()).toEqual(followed);
          expect(sorted(fold(projection, await fixture.decoded(projection)))).toEqual(followed);
        }),
        { numRuns: kind === 'SQLite' ? 60 : 12, seed: 7 },
      );
    },
  );
});
