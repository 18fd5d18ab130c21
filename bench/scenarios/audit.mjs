import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { Audit } from '../../dist/libs/audit/src/audit.js';
import { Histories } from '../../dist/libs/audit/src/histories.js';
import { asAuditEntry, eventsOf } from '../../dist/libs/audit/src/entries.js';
import { SqliteEventStore } from '../../dist/libs/event-store/src/sqlite/sqlite-event-store.js';
import { auditTrail } from '../../dist/libs/read-models/src/audit-trail/audit-trail.projection.js';
import { NO_FILTER } from '../../dist/libs/read-models/src/audit-trail/audit-trail.queries.js';
import { Projector } from '../../dist/libs/read-models/src/projector.js';
import { openReadModels } from '../../dist/libs/read-models/src/read-model-database.js';
import { fillSessions } from '../many-sessions.mjs';
import { startAuthlog } from '../processes.mjs';

const QUESTIONS = 400;
const PAGE = 50;

/** Fills the trail from the whole log. @returns {Promise<number>} events per second */
async function fillTrail({ store, codec, readModels }, head, progress) {
  const started = performance.now();
  const observer = {
    advanced(_, { through }) {
      if (Number(through) % 100_000 < 500)
        progress(`filling the trail: ${Math.round((100 * Number(through)) / head)} %`);
    },
    failed(_, error) {
      throw error;
    },
    parked({ error }) {
      throw new Error(`an event was parked: ${error}`);
    },
  };
  const parts = { store, codec, database: readModels.writer, inTurn: pLimit(1), now: () => new Date(), observer };
  const limits = { until: String(head), eventsTogether: 5_000 };
  await new Projector({ ...parts, limits }, [auditTrail]).run(new AbortController().signal);
  return head / ((performance.now() - started) / 1_000);
}

/** @returns {Promise<number>} what 99 of 100 take no longer than, in milliseconds */
async function p99(questions, ask) {
  const times = [];
  for (const question of questions) {
    const started = performance.now();
    await ask(question, times.length);
    times.push(performance.now() - started);
  }
  return times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)];
}

/** In a process with the memory of the service. @returns {Promise<{perSecond: number, megabytes: number}>} */
async function exportElsewhere(data) {
  const script = resolve(import.meta.dirname, '../audit-export.mjs');
  const memory = ['--max-semi-space-size=4', '--max-old-space-size=256'];
  const { stdout } = await promisify(execFile)(process.execPath, [...memory, script, data]);
  return JSON.parse(stdout);
}

async function measure({ events, config, data, progress }) {
  await (await startAuthlog(data, config)).stop();
  const { vault, codec } = await fillSessions(data, events, progress);
  const store = new SqliteEventStore(join(data, 'events.db'));
  const readModels = await openReadModels({ file: join(data, 'read-models.db') });
  const head = Number(await store.head());
  const filled = await fillTrail({ store, codec, readModels }, head, progress);

  const audit = new Audit(store, vault, readModels.reader);
  const source = audit.source(true);
  const users = await audit.trail.page(
    { ...NO_FILTER, type: 'UserCreated' },
    { first: null, last: null },
    { order: 'newest', after: null, size: QUESTIONS },
  );
  progress('asking for pages');
  const page = await p99(users, async ({ userId }) => {
    const rows = await audit.trail.page(
      { ...NO_FILTER, userId },
      { first: null, last: null },
      { order: 'newest', after: null, size: PAGE },
    );
    const found = await eventsOf(source, rows);
    return rows.map((row, index) => asAuditEntry(row, found[index]));
  });
  progress('asking for states');
  const first = await audit.moments.of('1', new Date());
  const span = Date.now() - first.time.getTime();
  const state = await p99(users, async ({ userId }, index) => {
    const at = new Date(first.time.getTime() + 1 + Math.floor((span * (index % 97)) / 97));
    return new Histories(source).accountAt(userId, await audit.moments.of(at, new Date()));
  });

  await readModels.close();
  await store.close();
  await vault.close();
  progress('exporting');
  const { perSecond, megabytes } = await exportElsewhere(data);
  const of = `of ${(head / 1_000_000).toFixed(1)} million events`;
  return [
    { what: `audit trail filled, ${of}`, result: filled, unit: 'events/s' },
    { what: `page of ${PAGE} of one user, p99`, result: page, unit: 'ms', must: '< 20 ms', ok: page < 20 },
    { what: 'account as of a time, p99', result: state, unit: 'ms', must: '< 50 ms', ok: state < 50 },
    { what: 'export of all of it', result: perSecond, unit: 'events/s', must: '>= 50,000', ok: perSecond >= 50_000 },
    { what: 'memory while exporting', result: megabytes, unit: 'MB', must: '< 250 MB', ok: megabytes < 250 },
  ];
}

/** What the audit is asked, of a log of a million events. */
export const audit = (parts) => measure({ ...parts, events: 1_000_000 });

/** The same of ten million, or as many as BENCH_AUDIT_EVENTS says. */
export const bigAudit = (parts) => measure({ ...parts, events: Number(process.env.BENCH_AUDIT_EVENTS ?? 10_000_000) });
