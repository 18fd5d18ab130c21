import { statfsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SEALING_HEADS, sealing } from '#domain/sealing/sealing.js';
import { projectionStatuses } from '#host/projection-status.js';
import { type Settings, readSettings } from '#host/settings.js';
import { explainStartFailure } from '#host/start-failure.js';
import type { Stores } from '#host/stores.js';
import { SessionRow } from '#read-models/sessions/session-row.entity.js';
import { CannotBeDone } from './cannot-be-done.js';
import { type Finding as Found, report } from './finding.js';
import { withStores } from './with-stores.js';

type Finding = Found<'settings' | 'stores' | 'files' | 'disk' | 'clock' | 'projections' | 'sealing'>;

const MINUTE_MS = 60_000;
/** Clocks that differ by more are not kept in step. */
const MOST_CLOCK_DRIFT_MS = 5_000;
/** A projection that is kept goes on at least this often while it is behind. */
const LOOK_AGAIN_MS = 2_000;
/** What is new is sealed within ten seconds, unless something is wrong. */
const SEALED_WITHIN_MS = 5 * MINUTE_MS;
const LITTLE_SPACE = 500 * 2 ** 20;
const NO_SPACE = 50 * 2 ** 20;

/** `authlog doctor` @throws CannotBeDone if it finds a fault */
export async function doctor(json: boolean): Promise<void> {
  report(await examine(), json);
}

async function examine(): Promise<Finding[]> {
  try {
    const settings = readSettings(process.env);
    const found: Finding[] = settings.warnings.map((what) => ({ check: 'settings', verdict: 'warning', what }));
    if (found.length === 0) found.push({ check: 'settings', verdict: 'ok', what: 'every setting can be used' });
    const inStores = await withStores(async (stores) => [
      {
        check: 'stores',
        verdict: 'ok',
        what: 'log, vault, read models and counters open, and belong together',
      } as const,
      ...(await lookAtClocks(stores, settings)),
      ...(await lookAtProjections(stores)),
      await lookAtSealing(stores),
    ]);
    return [...found, ...lookAtFiles(settings), ...lookAtDisk(settings), ...inStores];
  } catch (error) {
    const what = error instanceof CannotBeDone ? error.message : explainStartFailure(error).replace(/^.*?: /, '');
    return [
      {
        check: error instanceof Error && error.name === 'SettingsInvalid' ? 'settings' : 'stores',
        verdict: 'fault',
        what,
      },
    ];
  }
}

/** Read models and snapshots hold names and addresses in clear, the master key opens the vault. */
function lookAtFiles({ data }: Settings): Finding[] {
  const open = readdirSync(data, { withFileTypes: true })
    .filter((entry) => entry.isFile() && (statSync(join(data, entry.name)).mode & 0o077) !== 0)
    .map(({ name }) => name);
  if (open.length === 0)
    return [{ check: 'files', verdict: 'ok', what: `the files in ${data} are for their owner only` }];
  const advice = `chmod go= ${open.map((name) => join(data, name)).join(' ')}`;
  return [{ check: 'files', verdict: 'fault', what: `others may use ${open.join(', ')}`, advice }];
}

function lookAtDisk({ data }: Settings): Finding[] {
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  const what = `${Math.floor(free / 2 ** 20)} MB are free at ${data}`;
  if (free >= LITTLE_SPACE) return [{ check: 'disk', verdict: 'ok', what }];
  const advice = 'free some space, or move AUTHLOG_DATA: without any, logins are refused';
  return [{ check: 'disk', verdict: free < NO_SPACE ? 'fault' : 'warning', what, advice }];
}

async function lookAtClocks({ readModels: { reader } }: Stores, { database }: Settings): Promise<Finding[]> {
  const now = Date.now();
  const sessions = reader.getRepository(SessionRow).createQueryBuilder('session');
  const last = await sessions.select('MAX(session.lastActiveAt)', 'at').getRawOne<{ at: number | string | null }>();
  const ahead = Number(last?.at ?? 0) - now;
  if (ahead > MINUTE_MS) {
    const what = `something happened ${Math.round(ahead / MINUTE_MS)} minutes from now`;
    return [{ check: 'clock', verdict: 'fault', what, advice: 'keep the clocks of all machines in step (NTP)' }];
  }
  if (database === null) return [{ check: 'clock', verdict: 'ok', what: 'nothing in the log is from the future' }];
  const [row] = await reader.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
  const drift = Math.abs((row?.now.getTime() ?? now) - Date.now());
  if (drift <= MOST_CLOCK_DRIFT_MS) return [{ check: 'clock', verdict: 'ok', what: 'it is that of the database' }];
  const what = `it differs from that of the database by ${Math.round(drift / 1_000)} seconds`;
  return [{ check: 'clock', verdict: 'fault', what, advice: 'keep the clocks of all machines in step (NTP)' }];
}

async function lookAtSealing({ repository, eventStore }: Stores): Promise<Finding> {
  const { state, position } = await repository.load(sealing, SEALING_HEADS);
  if (state.status === 'none' || state.last === null)
    return {
      check: 'sealing',
      verdict: 'ok',
      what: 'nothing is sealed yet; the service begins ten seconds after its start',
    };
  const what = `the log is sealed up to ${state.last.position}`;
  const isBehind = (await eventStore.head()) !== position && Date.now() - Date.parse(state.last.at) > SEALED_WITHIN_MS;
  if (!isBehind) return { check: 'sealing', verdict: 'ok', what };
  const advice = 'start a service that keeps the read models, or look why it does not seal: its log says so';
  return { check: 'sealing', verdict: 'fault', what: `${what}, and no further since ${state.last.at}`, advice };
}

async function lookAtProjections(stores: Stores): Promise<Finding[]> {
  const before = new Map((await projectionStatuses(stores)).map((status) => [status.projection, status]));
  if ([...before.values()].some(({ state }) => state === 'behind')) await delay(LOOK_AGAIN_MS);
  const after = await projectionStatuses(stores);
  return after.flatMap(({ projection, state, position, behind, parked, rebuild }): Finding[] => {
    const found: Finding[] = [];
    const stands = position === before.get(projection)?.position;
    if (state === 'paused')
      found.push({
        check: 'projections',
        verdict: 'warning',
        what: `${projection} is paused, ${behind} behind`,
        advice: `authlog projections resume ${projection}`,
      });
    if (state === 'behind' && stands)
      found.push({
        check: 'projections',
        verdict: 'fault',
        what: `${projection} stands still, ${behind} behind`,
        advice: 'start a projector, or look why it fails: its log says so',
      });
    if (parked > 0)
      found.push({
        check: 'projections',
        verdict: 'fault',
        what: `${projection} has ${parked} parked`,
        advice: 'authlog projections parked list',
      });
    if (rebuild?.state === 'differs')
      found.push({
        check: 'projections',
        verdict: 'warning',
        what: `${projection} was rebuilt, and the new tables differ from those that are read`,
        advice: `authlog projections follow ${projection}`,
      });
    if (found.length === 0)
      found.push({ check: 'projections', verdict: 'ok', what: `${projection} is at ${position}` });
    return found;
  });
}
