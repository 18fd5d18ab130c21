import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { asUserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { isAdministrator } from '#domain/user/user-administration.js';
import { user } from '#domain/user/user.js';
import { EventCodec } from '#event-store/codec.js';
import { ConcurrencyConflict, type EventStore, StoreUnavailable } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { AdministerUser, AdministerUserHandler } from './administer-user.js';

/** What one of two administrators does to the other one. */
interface Act {
  readonly by: 0 | 1;
  readonly to: 0 | 1;
  readonly type: 'ChangeRole' | 'DeleteUser' | 'InvalidateSessions' | 'ReinstateUser' | 'SuspendUser';
  readonly role?: 'ADMIN' | 'USER';
}

const idOf = (number: 0 | 1) => asUserId(`person-${number}`);
const suspended: Act = { by: 0, to: 1, type: 'SuspendUser' };

let log: MemoryEventStore;
let codec: EventCodec;
const processOn = (store: EventStore) => new Repository(store, codec, { backOff: async () => {} });

/** A log with two administrators, from before anybody watched over the last one. */
async function start(): Promise<void> {
  log = new MemoryEventStore();
  codec = new EventCodec(new MemoryKeys());
  const names = { firstNames: null, lastName: null, organizationId: null, credentialId: null };
  for (const number of [0, 1] as const) {
    const id = idOf(number);
    const command = { type: 'CreateUser', id, role: 'ADMIN', username: `p${number}` } as const;
    const email = `p${number}@example.org`;
    const made = { ...command, ...names, email, registeredBy: 'administrator' } as const;
    await processOn(log).execute(user, userStream(id), made, someContext());
  }
}

/** Each act is done by a process of its own, with its own view of the log. */
async function carryOut({ by, to, type, role = 'USER' }: Act, view: EventStore = log): Promise<string> {
  try {
    if (type === 'InvalidateSessions')
      await processOn(view).execute(user, userStream(idOf(to)), { type, spare: null }, someContext());
    else {
      const change = type === 'ChangeRole' ? ({ type, role } as const) : { type };
      const command = new AdministerUser(idOf(to), { ...change, by: idOf(by), reason: null }, someContext());
      await new AdministerUserHandler(processOn(view)).execute(command);
    }
    return 'done';
  } catch (error) {
    if (error instanceof Refused) return error.code;
    if (error instanceof StoreUnavailable || error instanceof ConcurrencyConflict) return error.name;
    throw error;
  }
}

async function administratorsLeft(): Promise<number[]> {
  const repository = processOn(log);
  const states = await Promise.all(([0, 1] as const).map((number) => repository.load(user, userStream(idOf(number)))));
  return states.flatMap(({ state }, number) => (isAdministrator(state) ? [number] : []));
}

/** Something that happens before a step of a process. */
type Before = (step: 'append' | 'read', stream: string) => Promise<unknown>;

const watched = (before: Before): EventStore => ({
  async append(...what) {
    await before('append', what[0]);
    return log.append(...what);
  },
  async *readStream(...what) {
    await before('read', what[0]);
    yield* log.readStream(...what);
  },
  readEvent: (...what) => log.readEvent(...what),
  subscribeAll: (options) => log.subscribeAll(options),
  removeAged: () => log.removeAged(),
  head: () => log.head(),
  close: () => log.close(),
});

const person = fc.constantFrom(0 as const, 1 as const);
const type = fc.constantFrom<Act['type'][]>(
  'ChangeRole',
  'ChangeRole',
  'DeleteUser',
  'InvalidateSessions',
  'ReinstateUser',
  'SuspendUser',
  'SuspendUser',
);
const role = fc.constantFrom<('ADMIN' | 'USER')[]>('ADMIN', 'USER', 'USER');
const racing = fc.record({
  act: fc.record({ by: person, to: person, type, role }),
  /** After how many appends its process dies; null for not at all. */
  dies: fc.option(fc.nat(2), { freq: 3 }),
});

describe('administrators who change each other’s accounts', () => {
  beforeEach(start);

  it('leave one who may act, whoever does what at the same moment and dies on the way (SEC-175)', () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), fc.array(racing, { maxLength: 7 }), async (turns, aside, acts) => {
        await start();
        if (aside) await carryOut(suspended);
        const processes = acts.map(({ act, dies }) => {
          let appends = 0;
          const before: Before = async (step) => {
            await turns.schedule(Promise.resolve(), step);
            if (step === 'append' && appends === dies) throw new StoreUnavailable('the process died');
            if (step === 'append') appends += 1;
          };
          return carryOut(act, watched(before));
        });
        await turns.waitFor(Promise.all(processes));
        expect(await administratorsLeft()).not.toEqual([]);
      }),
    ));

  it('cannot lose the last one to somebody who is reinstated while they are being demoted (SEC-175)', async () => {
    await carryOut(suspended);
    const meanwhile: string[] = [];
    const before: Before = async (step, stream) => {
      if (step !== 'append' || stream !== userStream(idOf(1))) return;
      meanwhile.push(await carryOut({ by: 0, to: 1, type: 'ReinstateUser' }));
      meanwhile.push(await carryOut({ by: 1, to: 0, type: 'ChangeRole' }));
    };
    await carryOut({ by: 0, to: 1, type: 'ChangeRole' }, watched(before));
    expect(meanwhile.slice(0, 2)).toEqual(['done', 'administration-withdrawn']);
    expect(await administratorsLeft()).toEqual([0]);
  });

  it('look once at what is so already, and do not come back to it later', async () => {
    await carryOut(suspended);
    let reads = 0;
    const before: Before = async (step, stream) => {
      if (step === 'read' && stream === userStream(idOf(1))) reads += 1;
    };
    expect(await carryOut(suspended, watched(before))).toBe('done');
    expect(reads).toBe(1);
  });

  it('complete what a process left behind when it died, and may act again otherwise once their sessions were ended', async () => {
    const dying: Before = async (step, stream) => {
      if (step === 'append' && stream.startsWith('user-')) throw new StoreUnavailable('the process died');
    };
    expect(await carryOut(suspended, watched(dying))).toBe('StoreUnavailable');
    expect(await administratorsLeft()).toEqual([0, 1]);
    expect(await carryOut({ by: 1, to: 0, type: 'SuspendUser' })).toBe('administration-withdrawn');
    expect(await carryOut({ by: 1, to: 1, type: 'InvalidateSessions' })).toBe('done');
    expect(await carryOut({ by: 1, to: 0, type: 'SuspendUser' })).toBe('done');
    expect(await administratorsLeft()).toEqual([1]);
    expect(await carryOut({ by: 1, to: 0, type: 'ReinstateUser' })).toBe('done');
    expect(await carryOut(suspended)).toBe('done');
    expect(await administratorsLeft()).toEqual([0]);
  });

  it('do so again when the account is another one by the time', async () => {
    let once = true;
    const before: Before = async (step, stream) => {
      if (!once || step !== 'append' || stream !== userStream(idOf(1))) return;
      once = false;
      await carryOut({ by: 1, to: 1, type: 'InvalidateSessions' });
    };
    expect(await carryOut(suspended, watched(before))).toBe('done');
    expect(await administratorsLeft()).toEqual([0]);
  });
});
