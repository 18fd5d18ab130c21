import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { EventCodec } from '#event-store/codec.js';
import { hasReached } from '#event-store/event-store.js';
import { parseConnectionString } from '#event-store/eventstoredb/connection-string.js';
import { EventStoreDbEventStore } from '#event-store/eventstoredb/eventstoredb-event-store.js';
import { Projector } from '#read-models/projector.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { PROJECTIONS, type ReadModelDatabase, openReadModels } from '#read-models/read-model-database.js';
import { parseMasterKey } from '#vault/master-key.js';
import { Vault } from '#vault/vault.js';
import { temporaryFolder } from '../support/running-process.js';
import type { Installation } from './installation.js';
import type { Facts } from './load.js';

const CATCH_UP_MS = 20_000;

/** What the log has to say to what clients saw; each line is a promise that was broken. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

interface LoggedEvent {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Every acknowledged command is in the log, once. */
export function compareWithLog({ log }: Installation, facts: Facts): Verdict {
  const lost: string[] = [];
  const doubled: string[] = [];
  const events = (stream: string): LoggedEvent[] =>
    log.log.readStream(stream).map(({ metadata, data }) => ({
      type: metadata.get('type') ?? '',
      data: JSON.parse(Buffer.from(data).toString()) as Record<string, unknown>,
    }));
  const count = (list: readonly LoggedEvent[], type: string) => list.filter((event) => event.type === type).length;

  for (const { id, refreshes, unknown, end } of facts.sessions) {
    const stream = events(`session-${id}`);
    const opened = count(stream, 'SessionOpened');
    if (opened === 0) lost.push(`the login ${id}`);
    if (opened > 1) doubled.push(`the login ${id}`);
    const rotations = count(stream, 'SessionRefreshed');
    if (rotations < refreshes) lost.push(`${refreshes - rotations} refreshes of ${id}`);
    if (rotations > refreshes + unknown) doubled.push(`${rotations - refreshes - unknown} refreshes of ${id}`);
    const ended = count(stream, 'SessionEnded');
    if (end === 'acknowledged' && ended === 0) lost.push(`the end of ${id}`);
    if (ended > 1) doubled.push(`the end of ${id}`);
  }
  for (const { jti, wins, unknown } of facts.oneTimeTokens) {
    const claims = count(events(`onetime-${jti}`), 'OneTimeTokenClaimed');
    if (wins > 1 || claims > 1) doubled.push(`the claim of ${jti}`);
    if (wins === 1 && claims === 0) lost.push(`the claim of ${jti}`);
    if (wins === 0 && unknown === 0 && claims > 0) lost.push(`the answer to the claim of ${jti}`);
  }
  return { lost, doubled };
}

/** Nobody gets in with what was ended, on any node. */
export async function endedAndAlive({ nodes }: Installation, facts: Facts): Promise<string[]> {
  const alive: string[] = [];
  for (const { id, tokens, end } of facts.sessions)
    if (end === 'acknowledged')
      for (const node of nodes) {
        const { status } = await node.call('GET', '/auth/sessions/current', { token: tokens.accessToken });
        if (status !== 401) alive.push(`${id} is ${status}`);
      }
  return alive;
}

/** Whether whoever registered can log in. */
export async function registeredAndGone({ nodes }: Installation, names: readonly string[]): Promise<string[]> {
  const gone: string[] = [];
  for (const name of names) {
    const token = await nodes[0]?.asService();
    const json = { userId: name };
    const answer = await nodes[0]?.call('POST', '/auth/users/lookup/email', { token: token ?? '', json });
    if (answer?.body['email'] !== `${name}@example.org`) gone.push(name);
  }
  return gone;
}

/** Which tables differ between what the projectors have kept and what a fresh fold of the whole log gives. */
export async function foldDiffers(installation: Installation): Promise<string[]> {
  const folder = temporaryFolder();
  const store = new EventStoreDbEventStore(parseConnectionString(installation.log.connectionString));
  const vault = await Vault.open(
    installation.place('vault.db', 'authlog_vault'),
    parseMasterKey(installation.masterKey),
    () => new Date(),
  );
  const kept = await openReadModels(installation.place('read-models.db', 'authlog_read_models'));
  const fresh = await openReadModels({ file: join(folder.path, 'read-models.db') });
  const stop = new AbortController();
  try {
    const failed = (_: unknown, error: unknown) => Promise.reject(error);
    const observer = { advanced: () => undefined, parked: () => undefined, failed };
    const codec = new EventCodec(vault);
    const parts = { store, codec, database: fresh.writer, inTurn: pLimit(1), now: () => new Date(), observer };
    const running = new Projector(parts, PROJECTIONS).run(stop.signal);
    const head = await store.head();
    for (const database of [fresh, kept]) await caughtUp(database, head);
    stop.abort();
    await running;
    const tables = PROJECTIONS.flatMap((projection) => projection.tables);
    const differing: string[] = [];
    for (const table of tables) {
      const [one, other] = await Promise.all([rowsOf(kept, table), rowsOf(fresh, table)]);
      if (one !== other) differing.push(kept.reader.getMetadata(table).tableName);
    }
    return differing;
  } finally {
    stop.abort();
    await Promise.all([kept.close(), fresh.close(), vault.close(), store.close()]);
    folder.remove();
  }
}

async function caughtUp({ reader }: ReadModelDatabase, head: Parameters<typeof hasReached>[1]): Promise<void> {
  const progress = new ReadModelProgress(reader);
  const waitsUntil = performance.now() + CATCH_UP_MS;
  for (const projection of PROJECTIONS)
    while (!hasReached(await progress.look(projection), head)) {
      if (performance.now() > waitsUntil) throw new Error(`the read model ${projection.name} does not get to ${head}`);
      await delay(20);
    }
}

async function rowsOf({ reader }: ReadModelDatabase, table: (typeof PROJECTIONS)[number]['tables'][number]) {
  const rows = await reader.createQueryBuilder(table, 'row').orderBy('row.id').getMany();
  return JSON.stringify(rows);
}
