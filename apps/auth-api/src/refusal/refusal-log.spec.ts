import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { erased } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import type { RequestRefused } from '#domain/refusal/refusal.js';
import { EventCodec } from '#event-store/codec.js';
import {
  AppendOutcomeUnknown,
  type EventStore,
  LOG_START,
  StoreUnavailable,
  hasReached,
} from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { Metrics } from '#host/metrics.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { VaultUnreadable } from '#vault/vault.js';
import { ANONYMOUS } from '../request-context.js';
import { MOST_WAITING, RefusalLog } from './refusal-log.js';
import { type RefusedRequest, TOLD_APART } from './refusal-windows.js';
import { whereaboutsOf } from './whereabouts.js';

const ada = asUserId('ada');
const asAda = { userId: ada, actor: { actor: ada, actorKind: 'user', sessionId: 'a session' } } as const;
const from = (ipAddress: string, more: Partial<RefusedRequest> = {}): RefusedRequest => ({
  code: 'login-throttled',
  call: 'POST /auth/login',
  actor: ANONYMOUS,
  userId: null,
  identifierDigest: null,
  saml: null,
  correlationId: 'c0ffee',
  ...whereaboutsOf(ipAddress),
  ...more,
});

/** What becomes of an append: the log takes it, does not, or takes it and does not say so. */
type Fate = 'taken' | 'refused' | 'unanswered' | 'never answered';

/** A process whose log does as it is told. */
class Process {
  time = Date.parse('2030-01-01T00:00:00.000Z');
  readonly metrics = new Metrics();
  readonly said: string[] = [];
  /** What the lines were about. */
  readonly facts: object[] = [];
  readonly keys = new MemoryKeys();
  readonly log = new MemoryEventStore();
  readonly codec = new EventCodec(this.keys);
  fate: Fate = 'taken';
  readonly refusals: RefusalLog;

  constructor() {
    const store: EventStore = Object.assign(Object.create(this.log) as EventStore, {
      append: async (...what: Parameters<EventStore['append']>) => {
        if (this.fate === 'never answered') return new Promise<never>(() => undefined);
        if (this.fate === 'refused') throw new StoreUnavailable('the disk is full');
        const appended = await this.log.append(...what);
        if (this.fate === 'unanswered') throw new AppendOutcomeUnknown('nobody knows');
        return appended;
      },
    });
    const repository = new Repository(store, this.codec, { backOff: () => Promise.resolve() });
    const say = (facts: object, message: string) => {
      this.said.push(message);
      this.facts.push(facts);
    };
    const log = { level: 'info', debug: say, info: say, warn: say, error: say };
    const clock = { now: () => new Date(this.time) };
    const digest = new IdentifierDigest(Buffer.alloc(32, 7));
    this.refusals = new RefusalLog(repository, digest, clock, this.metrics, log);
  }

  async recorded() {
    const head = await this.log.head();
    const stop = new AbortController();
    const options = { after: LOG_START, categories: ['refusals'], signal: stop.signal };
    const events = [];
    for await (const slice of this.log.subscribeAll(options)) {
      events.push(...(await this.codec.decode(slice.events)));
      if (hasReached(slice.through, head)) stop.abort();
    }
    return events.map(({ event, stream, occurredAt, metadata }) => {
      const data = event.data as RequestRefused;
      return { data, stream, occurredAt, metadata };
    });
  }

  async unrecorded(): Promise<number> {
    return (await this.metrics.refusalsUnrecorded.get()).values[0]?.value ?? 0;
  }

  async counted(): Promise<number> {
    return (await this.recorded()).reduce((total, { data }) => total + data.count, 0);
  }
}

let node: Process;
beforeEach(() => {
  node = new Process();
});

describe('a refused request', () => {
  it('is in the log: who, what, when, from where, and in which request (SEC-156)', async () => {
    node.refusals.note(from('192.0.2.7', { code: 'role-not-allowed', ...asAda }));
    await node.refusals.look();
    expect(await node.recorded()).toMatchObject([
      {
        stream: expect.stringMatching(/^refusals-2030-01-01\./),
        occurredAt: new Date(node.time),
        metadata: { actor: ada, actorKind: 'user', sessionId: 'a session', correlationId: 'c0ffee' },
        data: {
          kind: 'role',
          code: 'role-not-allowed',
          call: 'POST /auth/login',
          count: 1,
          firstAt: '2030-01-01T00:00:00.000Z',
          lastAt: '2030-01-01T00:00:00.000Z',
          userId: ada,
          isAuthenticated: true,
          identifierDigest: null,
          addressDigest: expect.stringMatching(/^[\w-]{43}$/),
          networkDigest: expect.stringMatching(/^[\w-]{43}$/),
          ipAddress: '192.0.2.7',
        },
      },
    ]);
  });

  it('can be found by address, in any spelling, and by network, when the address itself is erased (SEC-142, SEC-165)', async () => {
    for (const address of ['192.0.2.7', '192.0.2.8', '198.51.100.1']) node.refusals.note(from(address));
    await node.refusals.look();
    node.keys.destroy('addresses-2030-01-01');
    const found = (await node.recorded()).map(({ data }) => data);
    expect(found.map(({ ipAddress }) => ipAddress)).toEqual([erased, erased, erased]);
    expect(new Set(found.map(({ addressDigest }) => addressDigest)).size).toBe(3);
    expect(new Set(found.map(({ networkDigest }) => networkDigest)).size).toBe(2);
  });

  it('of a known caller goes with the account: its address cannot be read once that was erased (SEC-159)', async () => {
    node.refusals.note(from('192.0.2.7', asAda));
    node.refusals.note(from('198.51.100.1', { userId: ada, code: 'refresh-token-reused' }));
    await node.refusals.look();
    node.keys.destroy(ada);
    // Who has stolen a token is not the owner, and may have been the one who erased the account.
    expect((await node.recorded()).map(({ data }) => data.ipAddress)).toEqual([erased, '198.51.100.1']);
  });

  it.each([new VaultUnreadable('the row was changed'), new Refused('user-unknown')])(
    'of a caller whose key is gone before it is recorded is kept without the address: %s',
    async (noKey) => {
      const keyOf = node.keys.keyOf.bind(node.keys);
      node.keys.keyOf = (subject) => (subject === ada ? Promise.reject(noKey) : keyOf(subject));
      node.refusals.note(from('192.0.2.7', asAda));
      node.refusals.note(from('192.0.2.7'));
      await node.refusals.look();
      expect((await node.recorded()).map(({ data }) => data.ipAddress)).toEqual([null, '192.0.2.7']);
    },
  );
});

describe('a refused SAML message', () => {
  const saml = {
    fault: 'browser-wrong',
    identityProvider: 'https://wayf.example',
    requestId: `_${'0'.repeat(40)}`,
  } as const;
  const refuse = () => node.refusals.note(from('192.0.2.7', { code: 'saml-login-refused', saml }));

  it('is in the log with what was wrong with it (SEC-156)', async () => {
    refuse();
    await node.refusals.look();
    const [recorded] = await node.recorded();
    expect(recorded?.data).toMatchObject({ kind: 'saml', code: 'saml-login-refused', saml });
  });

  it('is in the program’s log once, and those like it together when the minute is over', async () => {
    for (let n = 0; n < 100; n += 1) refuse();
    await node.refusals.stop();
    expect(node.said).toEqual(Array(2).fill('messages of identity providers were refused'));
    const line = { ...saml, code: 'saml-login-refused', correlationId: 'c0ffee' };
    expect(node.facts).toEqual([
      { ...line, count: 1 },
      { ...line, count: 99 },
    ]);
  });

  it('is the only refusal that says of itself what was wrong', async () => {
    node.refusals.note(from('192.0.2.7'));
    await node.refusals.look();
    expect((await node.recorded())[0]?.data).not.toHaveProperty('saml');
    expect(node.said).toEqual([]);
  });
});

describe('many of them', () => {
  it('are counted, and recorded when the minute is over', async () => {
    for (let n = 0; n < 10_000; n += 1) node.refusals.note(from('192.0.2.7'));
    await node.refusals.look();
    expect((await node.recorded()).map(({ data }) => data.count)).toEqual([1]);
    node.time += 60_000;
    await node.refusals.look();
    expect((await node.recorded()).map(({ data }) => data.count)).toEqual([1, 9_999]);
  });

  it('from everywhere, ten thousand in a minute, leave a bounded number whose counts add up', async () => {
    for (let n = 0; n < 10_000; n += 1)
      node.refusals.note(from(`10.${n >> 8}.${n & 255}.1`, { identifierDigest: `name ${n % 7}` }));
    await node.refusals.stop();
    expect((await node.recorded()).length).toBeLessThanOrEqual(2 * TOLD_APART.everybody + 1);
    expect(await node.counted()).toBe(10_000);
  });

  it('are recorded at the end of the process, before the minute is', async () => {
    for (let n = 0; n < 10; n += 1) node.refusals.note(from('192.0.2.7'));
    await node.refusals.stop();
    expect(await node.counted()).toBe(10);
    expect(await node.unrecorded()).toBe(0);
  });

  it('are in a stream for each day', async () => {
    node.refusals.note(from('192.0.2.7'));
    node.time += 86_400_000;
    node.refusals.note(from('192.0.2.7'));
    await node.refusals.stop();
    const streams = (await node.recorded()).map(({ stream }) => stream.slice(0, 20));
    expect(streams).toEqual(['refusals-2030-01-01.', 'refusals-2030-01-02.']);
  });
});

describe('where the log takes nothing', () => {
  it('they are noted without waiting for it', async () => {
    node.fate = 'never answered';
    const noted: unknown = node.refusals.note(from('192.0.2.7'));
    expect(noted).toBeUndefined();
    for (let n = 0; n < 10_000; n += 1) node.refusals.note(from('192.0.2.7'));
    expect(node.refusals['waiting']).toHaveLength(1);
  });

  it('they wait, and are recorded once when it takes them again', async () => {
    for (const fate of ['refused', 'unanswered'] as const) {
      node.fate = fate;
      node.refusals.note(from(fate === 'refused' ? '192.0.2.7' : '192.0.2.8'));
      await node.refusals.look();
      await node.refusals.look();
    }
    node.fate = 'taken';
    await node.refusals.look();
    expect((await node.recorded()).map(({ data }) => data.ipAddress)).toEqual(['192.0.2.7', '192.0.2.8']);
  });

  it('the program’s log says so, once, and when it is over', async () => {
    node.fate = 'refused';
    node.refusals.note(from('192.0.2.7'));
    for (let n = 0; n < 3; n += 1) await node.refusals.look();
    node.fate = 'taken';
    await node.refusals.look();
    expect(node.said).toEqual(['refused requests cannot be recorded, and wait', 'refused requests are recorded again']);
  });

  it('no more of them wait than there is room for, and the metric says how many are missing', async () => {
    node.fate = 'refused';
    const minutes = 20;
    for (let minute = 0; minute < minutes; minute += 1) {
      for (let n = 0; n < 400; n += 1) node.refusals.note(from(`10.${n % 250}.${n % 10}.1`));
      node.time += 60_000;
      await node.refusals.look();
    }
    expect(node.refusals['waiting']).toHaveLength(MOST_WAITING);
    expect(await node.unrecorded()).toBeGreaterThan(0);
    node.fate = 'taken';
    await node.refusals.stop();
    expect((await node.counted()) + (await node.unrecorded())).toBe(minutes * 400);
  });

  it('those that are left when the process ends are counted as missing', async () => {
    node.fate = 'refused';
    for (let n = 0; n < 10; n += 1) node.refusals.note(from('192.0.2.7'));
    await node.refusals.stop();
    expect(await node.unrecorded()).toBe(10);
    expect(node.said.at(-1)).toBe('refused requests were not recorded');
  });
});

describe('whatever happens', () => {
  const request = fc.record({
    code: fc.constantFrom('login-throttled' as const, 'role-not-allowed' as const),
    ipAddress: fc.integer({ min: 0, max: 400 }).map((n) => `192.0.${n % 40}.${n % 200}`),
    userId: fc.constantFrom(null, null, ada),
    identifierDigest: fc.constantFrom(null, 'one', 'two'),
  });
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ note: request, times: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 2, arbitrary: fc.record({ fate: fc.constantFrom<Fate>('taken', 'taken', 'refused', 'unanswered') }) },
    { weight: 3, arbitrary: fc.record({ advanceMs: fc.constantFrom(1, 59_999, 60_000, -60_000) }) },
    { weight: 2, arbitrary: fc.record({ look: fc.constant(true) }) },
  );

  it('what is in the log adds up to what was refused', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const node = new Process();
        let refused = 0;
        for (const each of steps)
          if ('note' in each) {
            const { ipAddress, ...more } = each.note;
            for (let n = 0; n < each.times; n += 1) node.refusals.note(from(ipAddress, more));
            refused += each.times;
          } else if ('fate' in each) node.fate = each.fate;
          else if ('advanceMs' in each) node.time += each.advanceMs;
          else await node.refusals.look();
        node.fate = 'taken';
        await node.refusals.stop();
        expect(await node.counted()).toBe(refused);
        expect(await node.unrecorded()).toBe(0);
      }),
    ));
});
