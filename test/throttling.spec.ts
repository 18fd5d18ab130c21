import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/running-process.js';
import { Server, passwordOf } from './support/server.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const start = (addressFailures: number) => {
  const config = join(folder.path, 'authlog.yaml');
  writeFileSync(config, `throttling: { address: { failures: ${addressFailures} } }`);
  return Server.start({ AUTHLOG_CONFIG: config }, folder.path);
};
const guess = (server: Server, username: string) => server.tryLogIn(username, 'not this one');
const wait = async (answer: ReturnType<Server['tryLogIn']>) => {
  const { status, headers } = await answer;
  return status === 429 ? Number(headers.get('retry-after')) : 0;
};

describe('failed guesses', () => {
  it('are still counted after a kill, for the account and for the address (SEC-19, SEC-22)', async () => {
    const server = await start(7);
    for (const name of ['ada', 'grace']) await server.createPerson(name);
    const known = await server.tryLogIn('ada', passwordOf('ada'));
    for (let n = 0; n < 5; n += 1) expect((await guess(server, 'ada')).status).toBe(401);
    await server.process.stop('SIGKILL');

    const restarted = await start(7);
    const ofAccount = await wait(restarted.tryLogIn('ada', passwordOf('ada')));
    expect([ofAccount > 0, ofAccount <= 30]).toEqual([true, true]);
    expect((await restarted.tryLogIn('grace', passwordOf('grace'))).status).toBe(200);
    for (let n = 0; n < 2; n += 1) expect((await guess(restarted, 'grace')).status).toBe(401);
    expect(await wait(restarted.tryLogIn('grace', passwordOf('grace')))).toBeGreaterThan(30);
    const [device = ''] = /device=[^;]+/.exec(known.headers.get('set-cookie') ?? '') ?? [];
    expect((await restarted.tryLogIn('ada', passwordOf('ada'), 'cli', { cookie: device })).status).toBe(200);
    await restarted.process.stop('SIGKILL');
  });

  it('are counted by all processes together: no more are answered than may fail (SEC-22, SEC-23)', async () => {
    const servers = [await start(20), await start(20)];
    const guesses = servers.flatMap((server, process) =>
      Array.from({ length: 60 }, async (_, n) => (await guess(server, `nobody-${process}-${n}`)).status),
    );
    const statuses = await Promise.all(guesses);
    expect(statuses.toSorted()).toEqual([...Array<number>(20).fill(401), ...Array<number>(100).fill(429)]);
    await Promise.all(servers.map(({ process }) => process.stop('SIGKILL')));
  });
});
