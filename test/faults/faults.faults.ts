import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { compareWithLog, endedAndAlive, foldDiffers, registeredAndGone } from './checks.js';
import { FAULTS_ON_FILES, FAULTS_ON_POSTGRES, type Fault } from './faults.js';
import { FaultyDatabase } from './faulty-database.js';
import { Installation } from './installation.js';
import { Load } from './load.js';
import { SeededRandom } from './random.js';

const SEED = Number(process.env['AUTHLOG_TEST_SEED'] || randomInt(2 ** 31));
/** How often each fault happens. */
const TIMES = Number(process.env['AUTHLOG_TEST_TIMES'] || 2);
const WORKERS = 8;
const FIVE_MINUTES = 300_000;

const say = (line: string) => process.stdout.write(`${line}\n`);
const column = (text: string | number, width: number) => String(text).padStart(width);

/** Each as often as the others, in any order. */
function inAnyOrder(faults: readonly Fault[], random: SeededRandom): Fault[] {
  const left = Array.from({ length: TIMES }, () => faults).flat();
  const order: Fault[] = [];
  while (left.length > 0) order.push(...left.splice(random.below(left.length), 1));
  return order;
}

async function expectNothingLost(installation: Installation, faults: readonly Fault[]): Promise<void> {
  const random = new SeededRandom(SEED);
  const load = new Load(installation, new SeededRandom(SEED + 1));
  await load.prepare();
  say(`\nseed ${SEED} (AUTHLOG_TEST_SEED repeats it)`);
  say('fault                       requests  acknowledged  refused  503  cut  lost  doubled  recovery');
  for (const fault of inAnyOrder(faults, random)) {
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
}

it.for([
  ['PostgreSQL', () => FaultyDatabase.create(), FAULTS_ON_POSTGRES],
  ['files', () => Promise.resolve(null), FAULTS_ON_FILES],
] as const)(
  'nothing that was acknowledged is lost or done twice, with the data in %s',
  { timeout: FIVE_MINUTES },
  async ([, createDatabase, faults]) => {
    const installation = await Installation.start(await createDatabase());
    try {
      await expectNothingLost(installation, faults);
    } finally {
      await installation.remove();
    }
  },
);
