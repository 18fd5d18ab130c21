import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteEventStore } from '#event-store/sqlite/sqlite-event-store.js';
import { type Outcome, commandLine } from './support/command-line.js';
import { Server, passwordOf } from './support/server.js';

const run = promisify(execFile);
const PROGRAM = resolve(import.meta.dirname, '../bin/authlog.mjs');

describe('on the command line, beside a running service,', () => {
  let server: Server;
  let eventId: string;
  beforeAll(async () => {
    server = await Server.start();
    await server.createPerson('ada');
    eventId = await appendFromTheFuture();
  });
  afterAll(() => server.remove());

  async function authlog(args: string, data = server.data): Promise<Outcome> {
    // A reason may have spaces, an argument of these tests otherwise not.
    const [words = '', reason] = args.split(' --reason ');
    return commandLine(data, [...words.split(' '), ...(reason === undefined ? [] : ['--reason', reason])]);
  }

  /** An event that no version of today can apply, and one that comes after it. */
  async function appendFromTheFuture(): Promise<string> {
    const store = new SqliteEventStore(join(server.data, 'events.db'));
    const metadata = { schema: '1', occurredAt: new Date().toISOString() };
    const name = { sealed: 'A256GCM', key: randomUUID(), iv: 'iv', text: 'the sealed text', tag: 'tag' };
    const first = { id: randomUUID(), type: 'FromTheFuture', data: { name, size: 7 }, metadata };
    const next = {
      id: randomUUID(),
      type: 'SessionsInvalidated',
      data: { userId: 'x', epoch: 1, spared: null },
      metadata,
    };
    await store.append('user-x', 'no-stream', [first, next]);
    await store.close();
    return first.id;
  }

  it('is a program of its own, which says what there is and ends as it should', async () => {
    const program = async (...words: string[]) =>
      run(process.execPath, [PROGRAM, ...words], { env: { AUTHLOG_DATA: server.data } });
    expect((await program('projections', 'status')).stdout).toMatch(/^users +\d+ /m);
    await expect(program('projections', 'pause', 'nonsense')).rejects.toMatchObject({ code: 1 });
  });

  it('operators see what is parked, in tables and as JSON, and nothing personal of it', async () => {
    const parkedOf = async () => {
      const statuses = JSON.parse((await authlog('projections status --json')).stdout) as Record<string, unknown>[];
      return statuses.map(({ projection, parked }) => [projection, parked]);
    };
    await expect.poll(parkedOf, { timeout: 10_000 }).toEqual([
      ['users', 1],
      ['sessions', 2],
      ['subject-streams', 0],
      ['audit-trail', 2],
    ]);
    const [status, list, show] = await Promise.all([
      authlog('projections status'),
      authlog('projections parked list'),
      authlog(`projections parked show sessions ${eventId}`),
    ]);
    expect(status).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^sessions +5 +current +(?:\d+ +){4}\d+\/s +2 +\S+\/\d+ +–$/m),
      stderr: '',
    });
    expect(list.stdout).toMatch(
      new RegExp(`^sessions +${eventId} +FromTheFuture +user-x +0 +3 .*EventNotUnderstood`, 'm'),
    );
    expect(list.stdout).toMatch(/SessionsInvalidated +user-x +1 +0 .*\(waits\)$/m);
    expect(JSON.parse(show.stdout)).toMatchObject({ eventId, attempts: 3, data: { name: '(sealed)', size: 7 } });
    expect(show.stdout + list.stdout).not.toContain('the sealed text');
  });

  it('they try again, and leave out what stays broken', async () => {
    expect(await authlog('projections parked retry sessions')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^2 still parked:/),
    });
    const reason = 'written by a version that never was';
    expect(await authlog(`projections parked skip sessions ${eventId} --reason ${reason}`)).toMatchObject({
      code: 0,
      stdout: 'Everything was applied.\n',
    });
    expect((await authlog('projections parked list')).stdout).not.toContain('sessions');
  });

  it('they let a projection stand still, and the service stays ready', async () => {
    expect((await authlog('projections pause sessions')).stdout).toBe('sessions stands still.\n');
    expect((await authlog('projections pause sessions')).stdout).toBe('It was so already.\n');
    const { accessToken } = await server.logIn('ada', passwordOf('ada'));
    const list = () => server.call('GET', '/auth/sessions', { token: accessToken });
    expect((await list()).body['errorCode']).toBe('read-model-behind');
    expect((await server.call('GET', '/health/ready')).status).toBe(200);
    expect((await authlog('projections status')).stdout).toMatch(/^sessions +5 +paused /m);
    await authlog('projections resume sessions');
    await expect.poll(async () => (await list()).status).toBe(200);
  });

  // A rebuild lets everybody else go first, and the other tests have much to do.
  it('they have a projection filled anew, look at it on the way, and take it back', async () => {
    const head = JSON.parse((await authlog('projections status --json')).stdout)[0].head as string;
    expect(await authlog(`projections rebuild users --to ${BigInt(head) + 9n}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Refused \(position-beyond-log\)\. The log ends at \d+\.$/m),
    });
    expect((await authlog('projections rebuild users --to first')).code).toBe(2);
    expect((await authlog('projections rebuild users --to 3')).stdout).toMatch(/^The new tables of users stand at 3\./);
    const list = async () => {
      const { accessToken } = await server.logIn('ada', passwordOf('ada'));
      return server.call('GET', '/auth/users/userInfo', { token: accessToken });
    };
    const before = await list();
    expect(before.status).toBe(200);
    expect((await authlog('projections rebuild users')).stdout).toMatch(/^users was rebuilt: /);
    expect((await list()).body).toEqual(before.body);
    expect(JSON.parse((await authlog('projections differences users')).stdout)).toMatchObject({
      tables: [{ onlyLive: 0, onlyNext: 0, changed: 0 }],
    });
    expect((await authlog('projections status')).stdout).toMatch(/^users: its rebuild is done$/m);
    expect((await authlog('projections undo users')).stdout).toMatch(/^users was rebuilt: /);
    expect((await list()).body).toEqual(before.body);
  }, 120_000);

  it('they make an account, whose password has to be changed', async () => {
    const made = await authlog('users create grace --email grace@example.org --role ADMIN');
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^grace was made, with the id [0-9a-f-]{36}\.$/m),
    });
    const password = /The password is (\S+) /.exec(made.stdout)?.[1] ?? '';
    const { accessToken } = await server.logIn('grace', password);
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as {
      aud: string[];
    };
    expect(claims.aud).toContain('auth.users.changePassword:write');
    expect(claims.aud).not.toContain('all:write');
    expect((await server.call('GET', '/auth/sessions', { token: accessToken })).status).toBe(403);
    expect(await authlog('users create GRACE --email other@example.org')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Refused \(username-taken\)/),
    });
    expect(await authlog('users create x --email x@example.org --role EMPEROR')).toMatchObject({ code: 2 });
    expect(await authlog('users create hans --email nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Refused \(email-invalid\)/),
    });
  });

  it('they forget somebody, unless a hold keeps them from it, and hand out what is held (SEC-159, SEC-166)', async () => {
    await server.newPerson('emmy');
    const exported = JSON.parse((await authlog('users export emmy')).stdout) as { subject: string; account: object };
    expect(exported.account).toMatchObject({ status: 'active', username: 'emmy', email: 'emmy@example.org' });
    const { subject: id } = exported;
    expect(await authlog('users hold emmy --reason a case is open')).toMatchObject({
      code: 0,
      stdout: `${id} is not erased until the hold is lifted.\n`,
    });
    expect(await authlog('users erase emmy --ground objection')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Refused \(legal-hold\)/),
    });
    expect(await authlog(`users release ${id} --reason the case is closed`)).toMatchObject({ code: 0 });
    const erased = await authlog('users erase emmy --ground objection --ticket PRIVACY-42');
    expect(erased).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ +sessions ended +2$/m), stderr: '' });
    expect(erased.stdout).toContain(`${id} was erased.`);
    const report = JSON.parse((await authlog(`users erase ${id} --ground objection --json`)).stdout) as object;
    expect(report).toMatchObject({ ticket: 'PRIVACY-42', inventory: { identifiers: 2, credentials: 1 } });
    expect((await authlog(`users export ${id}`)).stdout).not.toContain('emmy');
    expect((await authlog('users erase-again')).stdout).toBe(
      '1 that the log says were erased have nothing in the vault.\n',
    );
    expect(await authlog('users erase admin --ground objection')).toMatchObject({
      code: 1,
      stderr:
        'Refused (administration-withdrawn). An administrator is erased by another administrator, over the API.\n',
    });
  });

  it('they have another key sign, and void what one has signed (SEC-145)', async () => {
    const published = async () => {
      const { body } = await server.call('GET', '/auth/.well-known/jwks.json');
      return (body['keys'] as { kid: string }[]).map(({ kid }) => kid);
    };
    const [first = ''] = await published();
    const rotated = await authlog('keys rotate');
    expect(rotated.stdout).toMatch(/^[0-9a-f-]{36} signs from \S+Z on; until then verifiers get to know it\.$/m);
    await expect.poll(published).toHaveLength(2);
    expect((await authlog('keys rotate')).stdout).toBe(rotated.stdout);
    expect((await authlog('keys list')).stdout).toMatch(
      new RegExp(`^${first} +signs .*\\n[0-9a-f-]{36} +will sign `, 'm'),
    );

    const { accessToken } = await server.logIn('ada', passwordOf('ada'));
    const check = async () => (await server.call('GET', '/auth/sessions/current', { token: accessToken })).status;
    expect(await check()).toBe(200);
    expect((await authlog(`keys revoke ${first}`)).code).toBe(0);
    await expect.poll(check).toBe(401);
    expect(await published()).not.toContain(first);
    await server.logIn('ada', passwordOf('ada'));
    expect(await authlog(`keys revoke ${first}`)).toMatchObject({
      code: 1,
      stderr: `No key "${first}" is published: see \`authlog keys list\`.\n`,
    });
  });

  it('the doctor says what is wrong, and what to do about it', async () => {
    const events = join(server.data, 'events.db');
    chmodSync(events, 0o644);
    const ill = await authlog('doctor');
    chmodSync(events, 0o600);
    expect(ill).toMatchObject({ code: 1, stderr: '3 faults found.\n' });
    expect(ill.stdout).toMatch(/^fault +files +others may use events\.db\n +→ chmod go= .*events\.db$/m);
    expect(ill.stdout).toMatch(/^fault +projections +users has 1 parked\n +→ authlog projections parked list$/m);
    expect(ill.stdout).toMatch(/^ok +projections +sessions is at \d+$/m);

    for (const projection of ['users', 'audit-trail'])
      await authlog(`projections parked skip ${projection} ${eventId} --reason nobody needs it`);
    const { code, stdout } = await authlog('doctor --json');
    const findings = JSON.parse(stdout) as { check: string; verdict: string }[];
    expect([code, new Set(findings.map(({ verdict }) => verdict))]).toEqual([0, new Set(['ok'])]);
    expect(new Set(findings.map(({ check }) => check))).toEqual(
      new Set(['settings', 'stores', 'files', 'disk', 'clock', 'projections', 'sealing']),
    );
    expect(await authlog('doctor', join(server.data, 'nowhere'))).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^fault +stores +There is no authlog in/),
    });
  });

  it('auditors ask what happened, and what was so then; that they asked is in the log', async () => {
    const events = await authlog('audit events --user ada --oldest --json --personal --reason ticket 7');
    const entries = JSON.parse(events.stdout) as Record<string, string>[];
    expect(entries.map(({ type }) => type)).toEqual(expect.arrayContaining(['UserCreated', 'SessionOpened']));
    expect((await authlog('audit events --type AuditRead')).stdout).toMatch(/ AuditRead +done +\S+ +operator$/m);
    expect((await authlog('audit events --user ada --all')).stdout.trim().split('\n').length).toBeGreaterThan(3);

    const created = entries.find(({ type }) => type === 'UserCreated');
    expect((await authlog('audit timeline ada --personal')).stdout).toMatch(
      /UserCreated by service .*\n(?: .*\n)* +status: "none" → "active"$/m,
    );
    const then = JSON.parse((await authlog(`audit state user ada --at ${created?.['position']}`)).stdout) as object;
    expect(then).toMatchObject({
      position: created?.['position'],
      state: { account: { claims: { username: { withheld: true } } } },
    });
    const diff = JSON.parse((await authlog('audit diff user ada --from 1')).stdout) as object;
    expect(diff).toMatchObject({
      changes: expect.arrayContaining([{ field: 'account.status', from: 'none', to: expect.any(String) }]),
    });
    expect((await authlog('audit sessions --user ada')).stdout).toMatch(
      /^id +user +openedAt +provider +address +alive$/m,
    );
    const address = '127.0.0.0/8';
    expect(await authlog(`audit end-sessions --user ada --address ${address} --reason a drill`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^[1-9]\d* of them are alive\./),
    });
    expect((await authlog(`audit end-sessions --user ada --address ${address} --yes --reason a drill`)).stdout).toMatch(
      /^[1-9]\d* were ended\.\n$/,
    );
    const view = await authlog(`audit view users --at ${created?.['position']}`);
    expect(view.stdout).toMatch(/^\{"table":"user_account",/m);
    expect(view.stderr).toMatch(/As of position \d+; kept for an hour in .*scratch/);
  });

  it.for([
    [
      'audit events --from yesterday',
      1,
      '"yesterday" is neither a time such as 2026-01-31T14:05:00Z nor a position of the log.',
    ],
    [
      'audit events --address here',
      1,
      '"here" is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24.',
    ],
    ['audit events --limit 0', 2, 'A whole number from 1 to 10000.'],
    ['audit state user nobody', 1, 'Refused (user-unknown). No account has this id'],
    ['audit state user ada --at 99999999', 1, 'Refused (position-beyond-log). The log ends at position'],
    ['audit state account ada', 2, 'It is one of user, session and one-time-token.'],
    ['audit diff user ada', 2, "required option '--from <time or position>' not specified"],
    ['audit view nonsense', 1, 'There is no projection "nonsense"'],
    ['projections', 2, 'Usage: authlog projections'],
    ['projections stauts', 2, "unknown command 'stauts'\n(Did you mean status?)"],
    ['projections pause', 2, "missing required argument 'name'"],
    [
      'projections pause nonsense',
      1,
      'There is no projection "nonsense": it is one of users, sessions, subject-streams, audit-trail.',
    ],
    ['projections parked skip users x', 2, "required option '--reason <text>' not specified"],
    ['projections parked show users x', 1, 'No event "x" of users is parked.'],
    ['users erase ada', 2, "required option '--ground <ground>' not specified"],
    ['users erase ada --ground because', 2, 'Allowed choices are own-request, no-longer-necessary'],
    ['users erase nobody --ground objection', 1, 'There is no user "nobody": give the user name, or the id.'],
    ['users hold ada', 2, "required option '--reason <text>' not specified"],
  ] as const)('%s is answered with what would be right', async ([args, code, words]) =>
    expect(await authlog(args)).toMatchObject({ code, stderr: expect.stringContaining(words) }),
  );

  it('nothing begins where there is nothing', async () =>
    expect(await authlog('projections status', join(server.data, 'nowhere'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is no authlog in .*: set AUTHLOG_DATA to its folder\.\n$/),
    }));
});
