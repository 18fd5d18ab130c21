import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { queryFile } from '#database/testing/test-place.js';
import { SystemClock } from '#host/clock.js';
import { createLog } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { SealingHost } from '#host/sealing/sealing-host.js';
import { Stores } from '#host/stores.js';
import { SealedLog } from '#sealing/sealed-log.js';
import { asPem, newSealingKey } from '#sealing/signed-head.js';
import { commandLine } from './support/command-line.js';

const run = promisify(execFile);
const PROGRAM = resolve(import.meta.dirname, '../bin/authlog.mjs');
const EVENTS = 600;

describe('on the command line an auditor', () => {
  let data: string;
  const file = (name: string) => join(data, name);
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'authlog-'));
    await sealed(EVENTS);
  });
  afterAll(() => rmSync(data, { recursive: true }));

  /** Appends events, and seals all of them as the service does. */
  async function sealed(count: number): Promise<void> {
    const settings = { data, database: null, eventStore: null, masterKey: null };
    const log = createLog('error');
    const stores = await Stores.open(settings, new SystemClock(), new Metrics(), log);
    const { eventStore, repository, leaves } = stores;
    const metadata = { schema: '1', occurredAt: new Date().toISOString() };
    const some = Array.from({ length: count }, () => ({ id: randomUUID(), type: 'Something', data: {}, metadata }));
    await Promise.all(some.map((event) => eventStore.append(`thing-${event.id}`, 'no-stream', [event])));
    const end = Number(await eventStore.head());
    const stop = new AbortController();
    const pace = { events: 200, everyMs: 20, leastMs: 5, handOutMs: 20 };
    const sealing = new SealingHost(stores, { sink: { file: null, url: null } }, new Metrics(), log, pace);
    const ended = sealing.run(stop.signal);
    const latest = async () => (await new SealedLog(eventStore, repository, leaves).latestHead())?.head;
    const waiting = { timeout: 20_000, interval: 20 };
    await vi.waitFor(async () => expect(Number((await latest())?.position)).toBeGreaterThanOrEqual(end), waiting);
    const last = (await latest())?.number ?? 0;
    const handedOut = () => readFileSync(file('sealed-heads.ndjson'), 'utf8');
    await vi.waitFor(() => expect(handedOut()).toContain(`{"head":{"number":${last},`), waiting);
    stop.abort();
    await ended;
    await stores.close();
  }

  const authlog = (...args: string[]) => commandLine(data, ['audit', ...args]);

  it('verifies the log, with the key and the heads that were kept elsewhere (SEC-155)', async () => {
    const keys = JSON.parse((await authlog('keys', '--json')).stdout) as { pem: string }[];
    writeFileSync(file('sealing.pem'), keys[0]?.pem ?? '');
    const verified = await authlog('verify', '--key', file('sealing.pem'), '--heads', file('sealed-heads.ndjson'));
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('Everything is as it was sealed.') });
    const part = await authlog('verify', '--from', '10', '--to', '20', '--json');
    expect(JSON.parse(part.stdout)).toMatchObject({ fault: null, log: expect.any(String) });
  });

  it('is told what cannot be used', async () => {
    writeFileSync(file('diary'), 'nothing of this kind\nat all\n');
    writeFileSync(file('other.pem'), asPem(newSealingKey().publicKey));
    const inside = [
      [['verify', '--key', file('diary')], 'has no Ed25519 public key'],
      [['verify', '--heads', file('nowhere')], 'cannot be read'],
      [['verify', '--heads', file('diary')], 'is no signed head'],
      [['verify', '--key', file('other.pem')], 'has sealed nothing of this log'],
      [['export', '--out', file('diary')], 'is there already'],
      [['export', '--out', file('no/where')], 'cannot be written'],
      [['export', '--from', '999999'], 'No event there is sealed'],
      [['verify-bundle', file('diary')], 'is no bundle'],
      [['verify-bundle', file('nowhere')], 'cannot be read'],
    ] as const;
    for (const [args, why] of inside)
      expect(await authlog(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
    expect(await authlog('verify', '--from', 'x')).toMatchObject({ code: 2 });
  });

  it('takes a bundle with them, and verifies it without the log', async () => {
    const bundle = file('bundle.ndjson');
    expect(await authlog('export', '--from', '5', '--out', bundle)).toMatchObject({ code: 0 });
    expect(statSync(bundle).mode & 0o077).toBe(0);
    const elsewhere = { env: { PATH: process.env['PATH'] ?? '', AUTHLOG_DATA: '/nowhere' } };
    const { stdout } = await run(process.execPath, [PROGRAM, 'audit', 'verify-bundle', bundle], elsewhere);
    expect(stdout).toContain('Everything is as it was sealed');
    expect(stdout).toContain('The keys in the file were believed');
    expect((await authlog('verify-bundle', bundle, '--key', file('sealing.pem'))).stdout).toContain('The given key');
    expect(await authlog('verify-bundle', bundle, '--key', file('other.pem'))).toMatchObject({ code: 1 });
    writeFileSync(file('short.ndjson'), readFileSync(bundle).subarray(0, 20_000));
    const short = await authlog('verify-bundle', file('short.ndjson'), '--json');
    expect(short.code).toBe(1);
    expect(JSON.parse(short.stdout)).toMatchObject({ fault: { position: expect.any(String) } });
    const whole = await authlog('export');
    expect(whole.stdout.split('\n').length).toBeGreaterThan(EVENTS);
  });

  it('sees another key take over, announced by the one before', async () => {
    expect(await authlog('rotate-key')).toMatchObject({ code: 0 });
    await sealed(10);
    expect(JSON.parse((await authlog('keys', '--json')).stdout)).toHaveLength(2);
    expect(await authlog('verify')).toMatchObject({ code: 0 });
  });

  it('is told where the log was changed, by whoever may write its file', async () => {
    const log = file('events.db');
    await queryFile(log, 'DROP TRIGGER event_is_never_changed');
    for (const place of ['position = 60', `stream = 'sealing-heads' AND revision = 1`]) {
      const [event] = await queryFile<{ position: number; data: string }>(log, `SELECT * FROM event WHERE ${place}`);
      await queryFile(log, `UPDATE event SET data = 'no JSON' WHERE ${place}`);
      const unreadable = await authlog('verify');
      expect(unreadable).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be read') });
      expect(unreadable.stdout).toContain(`changed at position ${event?.position}`);
      await queryFile(log, `UPDATE event SET data = '${event?.data}' WHERE ${place}`);
    }
    await queryFile(log, `UPDATE event SET type = 'SomethingElse' WHERE position = 100`);
    const { code, stdout, stderr } = await authlog('verify');
    expect({ code, stdout: stdout.trim().split('\n').at(-1) }).toEqual({ code: 1, stdout: 'changed at position 100' });
    expect(stderr).toContain('Not as it was sealed');
    await queryFile(log, 'DROP TRIGGER event_is_never_removed');
    await queryFile(log, 'DELETE FROM event WHERE position = 50');
    expect((await authlog('verify')).stdout).toContain('removed at position 50');
  });

  it('has nothing to verify where no log is', async () => {
    const env = { PATH: process.env['PATH'] ?? '', AUTHLOG_DATA: file('nowhere') };
    await expect(run(process.execPath, [PROGRAM, 'audit', 'verify'], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no authlog in'),
    });
  });
});
