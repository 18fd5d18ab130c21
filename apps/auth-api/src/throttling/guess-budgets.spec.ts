import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { EventCodec } from '#event-store/codec.js';
import { LOG_START } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { type Settings, readSettings } from '#host/settings.js';
import { Budgets } from '#throttling/budgets.js';
import { MemoryBudgetStore } from '#throttling/memory-budget-store.js';
import { DeviceTokens } from '#tokens/device-token.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { LiveSessions } from '../access/live-sessions.js';
import { Accounts } from '../user/accounts.js';
import { AddressBudgets } from './address-budgets.js';
import { GuessBudgets } from './guess-budgets.js';
import { KnownDevices } from './known-devices.js';

const MAY_FAIL = 10;
const UNWATCHED = { failed() {}, lost() {}, found() {} };
const throttling = { ...readSettings({}).throttling, addressFailures: MAY_FAIL };
const settings: Settings = Object.create(readSettings({}), { throttling: { value: throttling } });

/** Processes that share the log and the counters. */
function processes(count: number) {
  const [log, counters] = [new MemoryEventStore(), new MemoryBudgetStore()];
  const digest = new IdentifierDigest(Buffer.alloc(32, 7));
  const all = Array.from({ length: count }, () => {
    const repository = new Repository(log, new EventCodec(new MemoryKeys()));
    const budgets = new Budgets(counters, UNWATCHED);
    const sessions = new LiveSessions(repository);
    const accounts = new Accounts(repository, sessions, digest);
    const devices = new KnownDevices(accounts, sessions, new DeviceTokens(Buffer.alloc(32, 7)), budgets, digest);
    return new GuessBudgets(repository, digest, new AddressBudgets(budgets, digest, settings), devices);
  });
  const events = async () => {
    for await (const slice of log.subscribeAll({ after: LOG_START, signal: AbortSignal.timeout(5_000) }))
      return slice.events.map(({ type }) => type);
    return [];
  };
  return { all, events };
}

/** What somebody learns of their guess. */
async function make(budgets: GuessBudgets, username: string, isRight: boolean, turns: number) {
  const look = async () => {
    for (let turn = turns; turn >= 0; turn -= 1) await nextTurn();
    return isRight
      ? { opened: username, owner: asUserId(username) }
      : ({ failure: { reason: 'wrong-password', userId: asUserId(username) } } as const);
  };
  try {
    const source = { ipAddress: '192.0.2.7', deviceToken: null };
    return (await budgets.within({ username, source }, look, someContext())) === null ? 'wrong' : 'right';
  } catch (error) {
    expect(error).toBeInstanceOf(Refused);
    return 'nothing';
  }
}

const guesses = fc.array(fc.record({ isRight: fc.boolean(), turns: fc.nat(4) }), { maxLength: 60 });

describe('guesses from one address at many accounts, in several processes at once', () => {
  it('are answered as wrong as often as they may fail, and each is counted once (SEC-22, SEC-23)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), guesses, async (count, made) => {
        const { all, events } = processes(count);
        const learned = await Promise.all(
          all.flatMap((budgets, process) =>
            made
              .filter((_, n) => n % count === process)
              .map(({ isRight, turns }, n) => make(budgets, `account-${process}-${n}`, isRight, turns)),
          ),
        );
        const wrong = made.filter(({ isRight }) => !isRight).length;
        expect(learned.filter((each) => each === 'wrong')).toHaveLength(Math.min(wrong, MAY_FAIL));
        expect(await events()).toEqual(Array<string>(Math.min(wrong, MAY_FAIL)).fill('LoginFailed'));
        // Right ones are kept waiting by others' failures only.
        if (wrong < MAY_FAIL) expect(learned).not.toContain('nothing');
      }),
    ));

  it('leave no trace of a right one that others overtook', async () => {
    const { all, events } = processes(2);
    const learned = all.map(async (budgets, process) => {
      if (process === 1) return make(budgets, 'ada', true, 500);
      for (let n = 0; n < MAY_FAIL; n += 1) await make(budgets, n < 4 ? 'ada' : `account-${n}`, false, 0);
      return 'wrong';
    });
    expect(await Promise.all(learned)).toEqual(['wrong', 'nothing']);
    expect(await events()).toEqual(Array<string>(MAY_FAIL).fill('LoginFailed'));
  });
});
