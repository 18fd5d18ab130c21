// node bench/audit-export.mjs <folder>: exports the whole audit trail of a stopped service, with what is personal, and says how that went.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Audit } from '../dist/libs/audit/src/audit.js';
import { exported } from '../dist/libs/audit/src/export.js';
import { SqliteEventStore } from '../dist/libs/event-store/src/sqlite/sqlite-event-store.js';
import { placeOf } from '../dist/libs/read-models/src/audit-trail/audit-rows.entity.js';
import { NO_FILTER } from '../dist/libs/read-models/src/audit-trail/audit-trail.queries.js';
import { openReadModels } from '../dist/libs/read-models/src/read-model-database.js';
import { masterKeyFromFile } from '../dist/libs/vault/src/master-key.js';
import { Vault } from '../dist/libs/vault/src/vault.js';

const data = process.argv[2];
const store = new SqliteEventStore(join(data, 'events.db'));
const readModels = await openReadModels({ file: join(data, 'read-models.db') });
const key = masterKeyFromFile(join(data, 'master.key'));
const vault = await Vault.open({ file: join(data, 'vault.db') }, key, () => new Date());
const audit = new Audit(store, vault, readModels.reader);
const range = { first: null, last: placeOf(await store.head()) };
let entries = 0;
async function* lines() {
  for await (const batch of exported(audit.source(true), audit.trail, NO_FILTER, range)) {
    entries += batch.length;
    yield `${batch.map((entry) => JSON.stringify(entry)).join('\n')}\n`;
  }
}
const started = performance.now();
await once(Readable.from(lines(), { objectMode: false }).resume(), 'end');
const perSecond = entries / ((performance.now() - started) / 1_000);
const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
await readModels.close();
await store.close();
await vault.close();
console.log(JSON.stringify({ perSecond, megabytes: Number(kilobytes) / 1_024 }));
