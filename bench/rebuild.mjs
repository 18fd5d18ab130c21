// Rebuilds every read model of the log in a folder, and says how fast: node rebuild.mjs <folder> [postgres://…]
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { parseDatabaseAddress } from '../dist/libs/host/src/database-setting.js';
import { EventCodec } from '../dist/libs/event-store/src/codec.js';
import { SqliteEventStore } from '../dist/libs/event-store/src/sqlite/sqlite-event-store.js';
import { Projector } from '../dist/libs/read-models/src/projector.js';
import { PROJECTIONS, openReadModels } from '../dist/libs/read-models/src/read-model-database.js';
import { Rebuild } from '../dist/libs/read-models/src/rebuild/rebuild.js';
import { masterKeyFromFile } from '../dist/libs/vault/src/master-key.js';
import { Vault } from '../dist/libs/vault/src/vault.js';

const [data, address] = process.argv.slice(2);
const place =
  address === undefined
    ? { file: join(data, 'read-models.db') }
    : { server: parseDatabaseAddress(address), schema: 'authlog_read_models' };
const masterKey = masterKeyFromFile(join(data, 'master.key'));
const vault = await Vault.open({ file: join(data, 'vault.db') }, masterKey, () => new Date());
const store = new SqliteEventStore(join(data, 'events.db'));
const readModels = await openReadModels(place);
const fail = (error) => {
  throw error;
};
const parts = {
  store,
  codec: new EventCodec(vault),
  database: readModels.writer,
  inTurn: pLimit(1),
  now: () => new Date(),
  observer: { advanced() {}, failed: (_, error) => fail(error), parked: ({ error }) => fail(new Error(error)) },
  openReader: () => readModels.openReader(),
  hasRoom: () => true,
  tell: async (_, { failure }) => failure !== null && fail(new Error(failure)),
};
const goesOn = new AbortController().signal;
const head = await store.head();
const lists = PROJECTIONS.filter(({ isInBackground }) => isInBackground !== true);
await new Projector({ ...parts, limits: { until: head } }, lists).run(goesOn);
const started = performance.now();
for (const projection of lists) {
  const order = { runId: randomUUID(), version: projection.version, kind: 'anew', to: null, isForced: false };
  await new Rebuild(parts, projection, order, new Set()).run(goesOn);
}
const perSecond = Number(head) / ((performance.now() - started) / 1_000);
const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
await readModels.close();
await store.close();
await vault.close();
console.log(JSON.stringify({ perSecond, megabytes: Number(kilobytes) / 1_024 }));
