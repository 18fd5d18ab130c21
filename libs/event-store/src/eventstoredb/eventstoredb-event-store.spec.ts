import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StreamName } from '#domain/ids.js';
import {
  AppendOutcomeUnknown,
  ConcurrencyConflict,
  type EventStore,
  LOG_START,
  type LogSlice,
  type RecordedEvent,
  StoreUnavailable,
} from '../event-store.js';
import { eventStoreContract, someEvent } from '../testing/contract.js';
import { parseConnectionString } from './connection-string.js';
import { EventStoreDbEventStore, type Patience } from './eventstoredb-event-store.js';
import { type Fault, StandInServer } from './testing/stand-in-server.js';

const REAL_SERVER = process.env['AUTHLOG_TEST_ESDB'] || null;

const patience: Patience = { appendMs: 300, answerMs: 300, watchMs: 50, stallMs: 100 };

eventStoreContract('EventStoreDB, on the stand-in', async () => {
  const server = await StandInServer.start();
  const store = new EventStoreDbEventStore(parseConnectionString(server.connectionString));
  return {
    store,
    remove: async () => {
      await store.close();
      await server.stop();
    },
  };
});

if (REAL_SERVER !== null)
  eventStoreContract('EventStoreDB, on a real server', () => {
    const store = new EventStoreDbEventStore(parseConnectionString(REAL_SERVER));
    return Promise.resolve({ store, remove: () => store.close() });
  });

describe('the EventStoreDB adapter, when the server fails', () => {
  const ada: StreamName = 'user-ada';
  let server: StandInServer;
  let store: EventStoreDbEventStore;
  let redials: string[];
  beforeEach(async () => {
    server = await StandInServer.start();
    redials = [];
    const observer = { redialled: (reason: string) => redials.push(reason), keptForGood() {} };
    const maxAge = new Map([['challenge', 3_600]]);
    store = new EventStoreDbEventStore(parseConnectionString(server.connectionString), { patience, maxAge, observer });
  });
  afterEach(async () => {
    await store.close();
    await server.stop();
  });

  describe('appending', () => {
    it('does not know the outcome when the answer is lost, and takes the same events for the same', async () => {
      const events = [someEvent(), someEvent()];
      server.fail('append', 'answer-lost');
      await expect(store.append(ada, 'no-stream', events)).rejects.toThrow(AppendOutcomeUnknown);
      expect(await store.append(ada, 'no-stream', events)).toMatchObject({ revision: 1 });
      expect(await read(store, ada)).toHaveLength(2);
    });

    it('gives up a server that says nothing, and goes on over another connection', async () => {
      server.fail('append', 'silent');
      await expect(store.append(ada, 'no-stream', [someEvent()])).rejects.toThrow(AppendOutcomeUnknown);
      expect(await store.append(ada, 'no-stream', [someEvent()])).toMatchObject({ revision: 0 });
    });

    it('knows that nothing was appended where no connection could be made', async () => {
      await server.stop();
      await expect(store.append(ada, 'no-stream', [someEvent()])).rejects.toThrow(StoreUnavailable);
      await server.listen();
      expect(await store.append(ada, 'no-stream', [someEvent()])).toMatchObject({ revision: 0 });
    });

    it('goes to the node that leads', async () => {
      const leader = await StandInServer.start();
      server.pointTo(leader);
      server.fail('append', 'not-leader');
      expect(await store.append(ada, 'no-stream', [someEvent()])).toMatchObject({ revision: 0 });
      expect(leader.log.readStream(ada)).toHaveLength(1);
      await leader.stop();
    });

    it('tells the server how long to keep a stream that is not kept for good', async () => {
      await store.append('challenge-1', 'no-stream', [someEvent()]);
      await store.append('challenge-1', 0, [someEvent()]);
      await store.append(ada, 'no-stream', [someEvent()]);
      await expect.poll(() => server.log.readStream('$$challenge-1')).toHaveLength(1);
      const [metadata] = server.log.readStream('$$challenge-1');
      expect(JSON.parse(Buffer.from(metadata?.data ?? []).toString())).toEqual({ $maxAge: 3_600 });
      expect(server.log.readStream(`$$${ada}`)).toEqual([]);
    });

    it('says when the user or password is refused', async () => {
      server.fail('append', 'access-denied');
      await expect(store.append(ada, 'no-stream', [someEvent()])).rejects.toThrow(/refuses the user or password/);
    });

    it('lets one that is never answered take no other with it', async () => {
      server.fail('append', 'silent');
      const outcomes = await Promise.allSettled(
        ['user-1', 'user-2', 'user-3'].map((stream) => store.append(stream as StreamName, 'no-stream', [someEvent()])),
      );
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      expect(server.calls).toMatchObject({ append: 0, batchAppend: 3 });
    });

    it('loses nothing and doubles nothing, whatever fails', async () => {
      const fault = fc.constantFrom<Fault>('answer-lost', 'unavailable', 'silent', 'not-leader');
      const eachAppend = fc.array(fc.array(fault, { maxLength: 2 }), { minLength: 1, maxLength: 6 });
      server.pointTo(server);
      await fc.assert(
        fc.asyncProperty(fc.uuid(), eachAppend, async (id, appends) => {
          const stream: StreamName = `user-${id}`;
          const wanted: string[] = [];
          for (const faults of appends) {
            server.fail('append', ...faults);
            const event = someEvent();
            await appendUntilKnown(store, stream, wanted.length - 1, event);
            wanted.push(event.id);
          }
          expect((await read(store, stream)).map((event) => event.id)).toEqual(wanted);
        }),
        { numRuns: 15, seed: 4 },
      );
    });
  });

  describe('reading', () => {
    it.for<Fault>(['silent', 'unavailable'])('is refused in time where the server is %s', async (fault) => {
      await store.append(ada, 'no-stream', [someEvent()]);
      server.fail('read', fault);
      await expect(read(store, ada)).rejects.toThrow(StoreUnavailable);
      expect(await read(store, ada)).toHaveLength(1);
    });
  });

  describe('following the log', () => {
    /** Follows until so many events have come, doing something in between. */
    const followThrough = async (count: number, steps: Readonly<Record<number, () => unknown>>) => {
      const events: RecordedEvent[] = [];
      for await (const slice of store.subscribeAll({ after: LOG_START, signal: AbortSignal.timeout(20_000) })) {
        for (const event of slice.events) {
          events.push(event);
          await steps[events.length]?.();
        }
        if (events.length >= count) break;
      }
      return events.map(({ revision }) => revision);
    };
    const appendNext = async (last: number) => store.append(ada, last < 0 ? 'no-stream' : last, [someEvent()]);

    it.for([
      ['the server ends it as if that were in order', (it: StandInServer) => it.endSubscriptions()],
      [
        'every connection is cut',
        async (it: StandInServer) => {
          await it.stop();
          await it.listen();
        },
      ],
      ['the server falls silent for a while', (it: StandInServer) => silentFor(it, 400)],
    ] as const)('goes on where it stood when %s', async ([, fail]) => {
      await appendNext(-1);
      const revisions = await followThrough(3, {
        1: async () => {
          await fail(server);
          await appendUntilKnown(store, ada, 0, someEvent());
        },
        2: () => appendNext(1),
      });
      expect(revisions).toEqual([0, 1, 2]);
      expect(redials.length).toBeGreaterThan(0);
    });

    it('says when it is cut off, and when it is not any more', async () => {
      await appendNext(-1);
      const said: boolean[] = [];
      const steps = [() => server.stop(), () => server.listen()];
      for await (const { caughtUp } of store.subscribeAll({ after: LOG_START, signal: AbortSignal.timeout(20_000) })) {
        if (caughtUp === said.at(-1)) continue;
        said.push(caughtUp);
        if (said.length > steps.length) break;
        await steps[said.length - 1]?.();
      }
      expect(said).toEqual([true, false, true]);
    });

    it('begins again when it is never confirmed, or refused', async () => {
      await appendNext(-1);
      server.fail('subscribe', 'silent', 'unavailable', 'access-denied');
      expect(await followThrough(1, {})).toEqual([0]);
      await expect.poll(() => redials.length).toBe(3);
      expect(redials.join('; ')).toMatch(/never confirmed/);
      expect(redials.join('; ')).toMatch(/told to be unavailable/);
      expect(redials.join('; ')).toMatch(/refuses the user or password/);
    });

    it('delivers the events of the server itself to nobody, and does not wait for them', async () => {
      server.log.append('$stats-1', 'no-stream', [{ ...systemRecord, id: 'a' }]);
      const { position } = await appendNext(-1);
      server.log.append('$stats-1', 0n, [{ ...systemRecord, id: 'b' }]);
      expect(await store.head()).toBe(position);
      const slices: LogSlice[] = [];
      for await (const slice of store.subscribeAll({ after: LOG_START, signal: AbortSignal.timeout(5_000) })) {
        slices.push(slice);
        if (slice.caughtUp) break;
      }
      expect(slices.flatMap(({ events }) => events)).toHaveLength(1);
      expect(slices.at(-1)?.through).toBe(position);
    });

    it('has one subscription for all who follow, and ends it with the store', async () => {
      await appendNext(-1);
      await Promise.all([followThrough(1, {}), followThrough(1, {})]);
      await expect.poll(() => server.openSubscriptions).toBe(1);
      await store.close();
      await expect.poll(() => server.openSubscriptions).toBe(0);
    });

    it('asks for nothing in a way that a server takes for an attack', async () => {
      await appendNext(-1);
      const patient = new EventStoreDbEventStore(parseConnectionString(server.connectionString));
      for (let round = 0; round < 30; round += 1)
        await Promise.all(
          Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? read(patient, `user-nobody-${n}`) : patient.head())),
        );
      expect(await read(patient, ada)).toHaveLength(1);
      await patient.close();
    });
  });
});

describe('the EventStoreDB adapter, at a server that is secured', () => {
  let folder: string;
  let server: StandInServer;
  let certificate: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
    const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      keyType: 'ec',
      extensions: [
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
        { name: 'basicConstraints', cA: true },
      ],
    });
    certificate = join(folder, 'ca.pem');
    writeFileSync(certificate, cert);
    server = await StandInServer.start({ key, certificate: cert, username: 'admin', password: 'p@ss:word' });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const outcome = async (user: string, options: string) => {
    const store = new EventStoreDbEventStore(parseConnectionString(`esdb://${user}@${server.address}${options}`));
    const stream: StreamName = `user-${randomUUID()}`;
    try {
      return await store.append(stream, 'no-stream', [someEvent()]);
    } catch (error) {
      return error;
    } finally {
      await store.close();
    }
  };

  it('is let in by user and password over TLS', async () =>
    expect(await outcome('admin:p%40ss%3Aword', `?tlsCAFile=${certificate}`)).toMatchObject({ revision: 0 }));

  it('says that the password is refused, and never which', async () => {
    const refused = await outcome('admin:hunter22', `?tlsCAFile=${certificate}`);
    expect(refused).toBeInstanceOf(StoreUnavailable);
    expect(String(refused)).toMatch(/refuses the user or password/);
    expect(String(refused)).not.toContain('hunter22');
  });

  it('trusts no certificate that nobody vouches for', async () => {
    const refused = await outcome('admin:p%40ss%3Aword', '');
    expect(refused).toBeInstanceOf(StoreUnavailable);
    expect(String(refused)).toMatch(/its certificate is not trusted \(self-signed certificate\); name .* tlsCAFile/);
  });

  it('says that a server without TLS has none, and repeats nothing of what OpenSSL says', async () => {
    const plain = await StandInServer.start();
    const address = `esdb://a:b@${plain.address}?tls=true`;
    const store = new EventStoreDbEventStore(parseConnectionString(address));
    await expect(store.head()).rejects.toThrow(
      /^The event store cannot be used: what answers there speaks no TLS; .*tls=false\.$/,
    );
    await store.close();
    await plain.stop();
  });
});

const systemRecord = { metadata: new Map([['type', '$stats']]), data: Buffer.from('{}'), customMetadata: Buffer.of() };

async function read(store: EventStore, stream: StreamName): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of store.readStream(stream, 0)) events.push(event);
  return events;
}

/** As the repository does: the same events again while it is unknown what became of them. */
async function appendUntilKnown(store: EventStore, stream: StreamName, last: number, event = someEvent()) {
  for (;;)
    try {
      return await store.append(stream, last < 0 ? 'no-stream' : last, [event]);
    } catch (error) {
      if (error instanceof ConcurrencyConflict) throw error;
    }
}

function silentFor(server: StandInServer, ms: number): void {
  server.fallSilent();
  setTimeout(() => server.speak(), ms);
}
