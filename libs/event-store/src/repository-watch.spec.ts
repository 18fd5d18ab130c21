import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decider } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { samlRequest, samlRequestStream } from '#domain/saml/saml-request.js';
import { EventCodec } from './codec.js';
import type { RecordedEvent } from './event-store.js';
import { MemoryEventStore } from './memory.js';
import { Repository } from './repository.js';
import { someContext } from './testing/context.js';
import { MemoryKeys } from './testing/memory-keys.js';

interface Counted {
  readonly type: 'Counted';
  readonly data: { readonly by: number };
}

/** Counts, up to five. */
const counter: Decider<number, { readonly by: number }, Counted> = {
  events: { Counted: { schema: 1 } },
  initial: 0,
  evolve: (total, { data }) => total + data.by,
  decide(total, { by }) {
    if (total + by > 5) throw new Refused('session-ended');
    return by === 0 ? [] : [{ type: 'Counted', data: { by } }];
  },
};

class CountingStore extends MemoryEventStore {
  reads = 0;
  override readStream(stream: StreamName, from: number): AsyncIterable<RecordedEvent> {
    this.reads += 1;
    return super.readStream(stream, from);
  }
}

const stream: StreamName = 'counter-1';
let store: CountingStore;
let here: Repository;
let elsewhere: Repository;
const open = () =>
  new Repository(store, new EventCodec(new MemoryKeys(), counter.events), {
    backOff: async () => {},
    watch: { trustMs: 5_000, askMs: 5 },
  });
beforeEach(() => {
  store = new CountingStore();
  [here, elsewhere] = [open(), open()];
});
afterEach(() => {
  here.close();
  elsewhere.close();
});

const count = (repository: Repository, by: number) => repository.execute(counter, stream, { by }, someContext());
/** Resolves once the repository reads nothing any more to say how the stream is. */
async function watched(repository: Repository): Promise<void> {
  await expect
    .poll(async () => {
      const before = store.reads;
      await repository.recent(counter, stream);
      return store.reads - before;
    })
    .toBe(0);
}

describe('a repository that watches a distant store', () => {
  it('says how a stream is without asking the store, until it has grown', async () => {
    await count(elsewhere, 1);
    await watched(here);
    await count(elsewhere, 2);
    await expect.poll(async () => (await here.recent(counter, stream)).state).toBe(3);
  });

  it('asks the store where it has to be exact', async () => {
    await count(here, 1);
    await watched(here);
    const before = store.reads;
    await here.load(counter, stream);
    expect(store.reads).toBe(before + 1);
  });

  it('has what it appended itself at once', async () => {
    await count(here, 1);
    await watched(here);
    await count(here, 2);
    expect((await here.recent(counter, stream)).state).toBe(3);
  });

  it('decides without asking the store: the append proves that nothing was missed', async () => {
    await count(here, 1);
    await watched(here);
    const before = store.reads;
    expect(await count(here, 2)).toMatchObject({ state: 3, revision: 1, repeated: false });
    expect(store.reads).toBe(before);
  });

  it('refuses nothing because of what it has kept alone, and decides that nothing is to be done', async () => {
    await count(here, 5);
    await watched(here);
    const before = store.reads;
    await expect(count(here, 1)).rejects.toThrow(Refused);
    expect(await count(here, 0)).toMatchObject({ events: [], state: 5 });
    expect(store.reads).toBe(before + 2);
  });

  it('refuses no message of an identity provider because of what it has kept alone (SEC-111)', async () => {
    const stream = samlRequestStream(`_${'0'.repeat(40)}`);
    const repository = new Repository(store, new EventCodec(new MemoryKeys()), {
      backOff: async () => {},
      watch: { trustMs: 5_000, askMs: 5 },
    });
    const requestId = stream.slice('samlrequest-'.length);
    const who = { identityProvider: 'wayf', browserHash: 'browser', now: new Date('2030-01-01T00:00:00.000Z') };
    const answer = { type: 'AnswerSamlRequest', kind: 'logout', requestId, ...who } as const;
    const tryIt = () => repository.execute(samlRequest, stream, answer, someContext());
    await expect(tryIt()).rejects.toThrow('request-unknown');
    await expect
      .poll(async () => {
        const before = store.reads;
        await repository.recent(samlRequest, stream);
        return store.reads - before;
      })
      .toBe(0);
    const before = store.reads;
    await expect(tryIt()).rejects.toThrow('request-unknown');
    expect(store.reads).toBe(before + 1);
    repository.close();
  });

  it('decides as one would, however two of them race (SEC-167)', async () => {
    const commands = fc.array(fc.record({ isHere: fc.boolean(), by: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(fc.uuid(), commands, async (id, given) => {
        const target: StreamName = `counter-${id}`;
        const outcomes = await Promise.allSettled(
          given.map(({ isHere, by }) =>
            (isHere ? here : elsewhere).execute(counter, target, { by }, someContext()).then(() => by),
          ),
        );
        const carriedOut = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0));
        const total = carriedOut.reduce((sum, by) => sum + by, 0);
        expect(total).toBeLessThanOrEqual(5);
        for (const repository of [here, elsewhere]) expect((await repository.load(counter, target)).state).toBe(total);
      }),
      { numRuns: 50, seed: 3 },
    );
  });
});
