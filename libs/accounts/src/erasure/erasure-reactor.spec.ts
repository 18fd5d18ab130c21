import { beforeEach, describe, expect, it } from 'vitest';
import { type UserId, asUserId, userStream } from '#domain/ids.js';
import { adaData } from '#domain/testing/users.js';
import type { ErasedUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { EventCodec } from '#event-store/codec.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { ErasureReactor } from './erasure-reactor.js';
import { NotYetErased } from './personal-traces.js';

const [ada, eve] = ['0198-ada', '0198-eve'].map(asUserId) as [UserId, UserId];

let store: MemoryEventStore;
let repository: Repository;
/** What happened outside of the log, in order. */
let done: string[];
/** How often each erasure fails before it succeeds. */
let failures: Map<UserId, unknown[]>;
beforeEach(() => {
  store = new MemoryEventStore();
  repository = new Repository(store, new EventCodec(new MemoryKeys()));
  done = [];
  failures = new Map();
});

async function beginErasing(id: UserId): Promise<void> {
  const create = { type: 'CreateUser', ...adaData, id } as const;
  const erase = { type: 'EraseUser', by: id, ground: 'own-request', ticket: null } as const;
  for (const command of [create, erase]) await repository.execute(user, userStream(id), command, someContext());
}

/** A process from its start to its end, which comes once it has completed so much. */
async function run(until: number, erases = true): Promise<void> {
  const stop = new AbortController();
  const note = (what: string) => {
    done.push(what);
    if (done.length >= until) stop.abort();
  };
  const complete = async (id: UserId): Promise<ErasedUser> => {
    const failure = failures.get(id)?.shift();
    if (failure !== undefined) throw failure;
    const outcome = { sessionsEnded: 0, sealedEvents: 0, readModels: [] };
    const command = { type: 'CompleteErasure', outcome } as const;
    return (await repository.execute(user, userStream(id), command, someContext())).state as ErasedUser;
  };
  const reactor = new ErasureReactor({
    store,
    repository,
    vault: { forget: (subject) => note(`forgot ${subject}`) },
    erasure: erases ? { complete } : null,
    observer: {
      completed: (id) => note(`completed ${id}`),
      delayed: (id, error) => (error instanceof NotYetErased ? undefined : note(`delayed ${id}`)),
      faulted: (error) => note(String(error)),
    },
    context: () => someContext(),
    pause: () => Promise.resolve(),
  });
  await reactor.run(stop.signal);
}

describe('whoever follows the log', () => {
  it('completes what was begun, also before it was there', async () => {
    await beginErasing(ada);
    await run(2);
    expect(done.toSorted()).toEqual([`completed ${ada}`, `forgot ${ada}`]);
  });

  it('goes on at the next start with what an earlier process has left', async () => {
    await beginErasing(ada);
    failures.set(ada, [new Error('the disk is full')]);
    await run(1);
    expect(done).toEqual([`delayed ${ada}`]);
    await run(3);
    expect(done.slice(1).toSorted()).toEqual([`completed ${ada}`, `forgot ${ada}`]);
  });

  it('tries again what has to wait, and lets it keep nothing else from being done', async () => {
    await beginErasing(ada);
    await beginErasing(eve);
    failures.set(
      ada,
      Array.from({ length: 50 }, () => new NotYetErased('users')),
    );
    await run(4);
    expect(done.indexOf(`completed ${eve}`)).toBeLessThan(done.indexOf(`completed ${ada}`));
  });

  it('does a thing that is done already once more, which changes nothing', async () => {
    await beginErasing(ada);
    await run(2);
    const head = await store.head();
    done = [];
    await run(2);
    expect(await store.head()).toBe(head);
  });

  it('only lets go of what it has in memory, where another process erases', async () => {
    const started = run(1, false);
    await beginErasing(ada);
    const outcome = { sessionsEnded: 0, sealedEvents: 0, readModels: [] };
    await repository.execute(user, userStream(ada), { type: 'CompleteErasure', outcome }, someContext());
    await started;
    expect(done).toEqual([`forgot ${ada}`]);
  });
});
