import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareWithLog, endedAndAlive, foldDiffers, registeredAndGone } from './checks.js';
import { FAULTS } from './faults.js';
import { Installation } from './installation.js';
import { Load } from './load.js';
import { SeededRandom } from './random.js';

const SEED = Number(process.env['AUTHLOG_TEST_SEED'] || randomInt(2 ** 31));
const ROUNDS = Number(process.env['AUTHLOG_TEST_ROUNDS'] || FAULTS.length * 2);
const WORKERS = 8;

let installation: Installation;
let load: Load;
beforeAll(async () => {
  installation = await Installation.start();
  load = new Load(installation, new SeededRandom(SEED + 1));
  await load.prepare();
}, 60_000);
afterAll(() => installation.remove(), 60_000);

const say = (line: string) => process.stdout.write(`${line}\n`);
const column = (text: string | number, width: number) => String(text).padStart(width);

it('nothing that was acknowledged is lost or done twice, whatever fails', async () => {
  const random = new SeededRandom(SEED);
  say(`seed ${SEED} (AUTHLOG_TEST_SEED repeats it)`);
  say('fault                       requests  acknowledged  refused  503  cut  lost  doubled  recovery');
  // Each at least once, in any order.
  const order = Array.from({ length: ROUNDS }, (_, n) => FAULTS[n % FAULTS.length] ?? random.pick(FAULTS));
  for (let n = order.length - 1; n > 0; n -= 1) {
    const other = random.below(n + 1);
    [order[n], order[other]] = [order[other] ?? random.pick(FAULTS), order[n] ?? random.pick(FAULTS)];
  }
  for (const fault of order) {
    const { requests, acknowledged, refused, unavailable, cut } = load.facts;
    load.start(WORKERS);
    await delay(500);
    await fault.happen(installation, random);
    const recoveryMs = await installation.recovered();
    await delay(500);
    await load.stop();
    const { lost, doubled } = compareWithLog(installation, load.facts);
    say(
      [
        fault.name.padEnd(26),
        column(load.facts.requests - requests, 9),
        column(load.facts.acknowledged - acknowledged, 13),
        column(load.facts.refused - refused, 8),
        column(load.facts.unavailable - unavailable, 4),
        column(load.facts.cut - cut, 4),
        column(lost.length, 5),
        column(doubled.length, 8),
        column(`${Math.round(recoveryMs)} ms`, 9),
      ].join(' '),
    );
    expect({ lost, doubled, dirty: load.facts.dirty }).toEqual({ lost: [], doubled: [], dirty: [] });
    expect(await endedAndAlive(installation, load.facts)).toEqual([]);
    expect(await foldDiffers(installation)).toEqual([]);
  }
  expect(await registeredAndGone(installation, load.facts.registered)).toEqual([]);
  const { sessions, oneTimeTokens, registered } = load.facts;
  say(`${sessions.length} sessions, ${oneTimeTokens.length} one-time tokens, ${registered.length} registrations`);
  expect(Math.min(sessions.length, oneTimeTokens.length, registered.length)).toBeGreaterThan(0);
}, 600_000);
