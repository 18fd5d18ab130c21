import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type RebuildStatus, rebuildOf } from '#host/projection-status.js';
import type { Stores } from '#host/stores.js';
import type { Projection } from '#read-models/projection.js';
import { CannotBeDone } from './cannot-be-done.js';
import { ProgressLine, progressBar, say, sayJson } from './output.js';
import { demandProjection, tell } from './projection-control.js';
import { withStores } from './with-stores.js';

const LOOK_MS = 200;
/** So long a projector may take until it begins; it hears of it at once, and what it starts lets everybody else go first. */
const WAIT_MS = 30_000;
/** What is said of the speed is that of the last seconds. */
const SPEED_OVER_MS = 10_000;

export interface RebuildOptions {
  /** Decimal. */
  readonly to?: string;
  readonly force?: boolean;
  readonly detach?: boolean;
}

/** `authlog projections rebuild` @throws CannotBeDone, Refused */
export const rebuild = (name: string, { to, force = false, detach = false }: RebuildOptions): Promise<void> =>
  withStores(async (stores) => {
    const projection = demandProjection(name);
    const { version } = projection;
    const head = await stores.eventStore.head();
    const runId = randomUUID();
    const order = { runId, version, to: to ?? null, isForced: force, head };
    await tell(stores, projection, { type: 'RebuildProjection', ...order });
    if (detach) say(`${name} is being rebuilt. See \`authlog projections follow ${name}\`.`);
    else await followUntilOver(stores, projection);
  });

/** `authlog projections follow` @throws CannotBeDone if there is nothing to follow, or it comes to nothing */
export const follow = (name: string): Promise<void> =>
  withStores(async (stores) => followUntilOver(stores, demandProjection(name)));

/** `authlog projections differences` @throws CannotBeDone if nothing was compared */
export const differences = (name: string): Promise<void> =>
  withStores(async (stores) => {
    const found = (await rebuildOf(stores, demandProjection(name)))?.comparison ?? null;
    if (found === null) throw new CannotBeDone(`Nothing of ${name} was compared yet: a rebuild does it.`);
    sayJson(found);
  });

/** `authlog projections cancel` @throws CannotBeDone, Refused `rebuild-unknown` */
export const cancel = (name: string): Promise<void> =>
  withStores(async (stores) => {
    await tell(stores, demandProjection(name), { type: 'CancelRebuild' });
    say(`The rebuild of ${name} ends, and what it filled is removed. Lists show what they showed.`);
  });

/** `authlog projections undo` @throws CannotBeDone, Refused `undo-unknown`, `rebuild-runs` */
export const undo = (name: string): Promise<void> =>
  withStores(async (stores) => {
    const projection = demandProjection(name);
    await tell(stores, projection, { type: 'UndoRebuild', runId: randomUUID(), version: projection.version });
    await followUntilOver(stores, projection);
  });

/** Shows how it gets on, and says what came of it. @throws CannotBeDone */
async function followUntilOver(stores: Stores, projection: Projection): Promise<void> {
  const line = new ProgressLine();
  const speed = new Speed();
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const status = await rebuildOf(stores, projection);
    if (status === null)
      throw new CannotBeDone(
        `${projection.name} was never rebuilt: \`authlog projections rebuild ${projection.name}\` does it.`,
      );
    if (status.state === 'waiting' && performance.now() > deadline)
      throw new CannotBeDone('It is in the log, but nobody has begun it yet: a projector does when it runs.');
    if (status.state === 'comparing')
      line.show(`${projection.name}: comparing the new tables with those that are read`);
    if (status.state === 'filling') line.show(`${projection.name}: ${speed.progressOf(status)}`);
    if (!UNDER_WAY.has(status.state)) {
      line.end();
      return say(outcomeOf(projection.name, status));
    }
    await delay(LOOK_MS);
  }
}

const UNDER_WAY: ReadonlySet<RebuildStatus['state']> = new Set(['waiting', 'filling', 'comparing']);

/** @throws CannotBeDone if the new tables are not read, nor were meant to be yet */
function outcomeOf(name: string, status: RebuildStatus): string {
  switch (status.state) {
    case 'swapped':
      return `${name} was rebuilt: lists show the new tables. \`authlog projections undo ${name}\` takes it back.`;
    case 'stands':
      return (
        `The new tables of ${name} stand at ${status.position}. \`authlog projections rebuild ${name}\` goes on to the end, ` +
        `\`authlog projections cancel ${name}\` removes them.`
      );
    case 'differs':
      throw new CannotBeDone(differencesOf(name, status));
    case 'failed':
      throw new CannotBeDone(
        `${name} was not rebuilt: ${FAILURES[status.error ?? ''] ?? 'it failed'}. Lists show what they showed.`,
      );
    case 'cancelled':
      throw new CannotBeDone(`The rebuild of ${name} was cancelled.`);
    case 'waiting':
    case 'filling':
    case 'comparing':
      return `${name} is being rebuilt.`;
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  'no-room': 'the disk is full',
  'broken-events': 'too many events cannot be applied; the log of the projector says why',
  'nothing-kept': 'the tables from before are gone',
};

function differencesOf(name: string, { comparison: found }: RebuildStatus): string {
  const tables = (found?.tables ?? []).map(
    ({ table, live, next, onlyLive, onlyNext, changed, examples }) =>
      `  ${table}: ${live.rows} rows, ${next.rows} in the new one; ${onlyLive} only in the old one, ${onlyNext} only in the new ` +
      `one, ${changed} changed${examples.length === 0 ? '' : `, such as ${examples.slice(0, 3).join(', ')}`}`,
  );
  const parked = found?.parked.length ?? 0;
  const lines = parked === 0 ? tables : [...tables, `  events that only one of them could not apply: ${parked}`];
  return [
    `The new tables of ${name} differ from those that are read, at ${found?.position ?? ''}:`,
    ...lines,
    `If the new ones are right: \`authlog projections rebuild ${name} --force\`. If not: \`authlog projections cancel ${name}\`.`,
  ].join('\n');
}

/** How fast it goes, by what was seen in the last seconds. */
class Speed {
  private readonly seen: { readonly at: number; readonly position: number; readonly events: number }[] = [];

  progressOf({ position, target, events }: RebuildStatus): string {
    const now = { at: performance.now(), position: Number(position), events };
    this.seen.push(now);
    while (this.seen.length > 2 && now.at - (this.seen[0]?.at ?? 0) > SPEED_OVER_MS) this.seen.shift();
    const first = this.seen[0] ?? now;
    const seconds = (now.at - first.at) / 1_000;
    const perSecond = seconds > 0 ? (now.events - first.events) / seconds : 0;
    const positionsPerSecond = seconds > 0 ? (now.position - first.position) / seconds : 0;
    const left = Number(target) - now.position;
    const isTold = positionsPerSecond > 0 && left > 0;
    return [
      progressBar(now.position, Number(target)),
      `at ${position} of ${target}`,
      ...(seconds > 0 ? [`${Math.round(perSecond).toLocaleString('en')} events/s`] : []),
      ...(isTold ? [`${duration(left / positionsPerSecond)} left`] : []),
    ].join(', ');
  }
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3_600) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
