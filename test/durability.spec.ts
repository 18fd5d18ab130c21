import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/running-process.js';
import { Server, type Tokens, passwordOf } from './support/server.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const sessionOf = ({ accessToken }: Tokens) => String(decodeJwt(accessToken)['sid']);

describe('killed in the middle of a storm', () => {
  it('loses no login that was acknowledged, and lists none twice (SEC-167)', async () => {
    const server = await Server.start({}, folder.path);
    await server.createPerson('ada');
    const acknowledged: string[] = [];
    let killed = false;
    const client = async () => {
      while (!killed) {
        try {
          acknowledged.push(sessionOf(await server.logIn('ada', passwordOf('ada'))));
        } catch {
          return;
        }
        if (acknowledged.length === 40) {
          killed = true;
          void server.process.stop('SIGKILL');
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    await server.process.end();

    const restarted = await Server.start({}, folder.path);
    const { accessToken } = await restarted.logIn('ada', passwordOf('ada'));
    const listed = (await restarted.sessionsOf(accessToken)).map(({ id }) => String(id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(40);
    expect(listed).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(listed).size).toBe(listed.length);
    await restarted.process.stop('SIGKILL');
  });

  it('gives a client whose answer was lost the same successor again, and claims nothing twice', async () => {
    const server = await Server.start({ AUTHLOG_CONFIG: '' }, folder.path);
    const person = await server.newPerson('ada');
    const oneTime = await server.call('POST', '/auth/request?audience=files:read', { token: person.accessToken });
    const claim = (at: Server, token: string) =>
      at.call('POST', `/auth/claim?jti=${String(oneTime.body['jti'])}`, { token });
    expect((await claim(server, await server.asService())).status).toBe(200);
    await server.process.stop('SIGKILL');

    const restarted = await Server.start({}, folder.path);
    expect((await claim(restarted, await restarted.asService())).status).toBe(409);
    expect((await restarted.call('POST', '/auth/refresh', { token: person.refreshToken })).status).toBe(200);
    await restarted.process.stop('SIGKILL');
  });
});

describe('read models that were deleted', () => {
  it('are equal to before after a restart', async () => {
    const server = await Server.start({}, folder.path);
    const ada = await server.newPerson('ada');
    const others = await Promise.all(Array.from({ length: 5 }, () => server.logIn('ada', passwordOf('ada'))));
    await server.call('POST', '/auth/logout', { token: others[0]?.refreshToken ?? '' });
    await server.call('POST', '/auth/refresh', { token: others[1]?.refreshToken ?? '' });
    const before = await server.sessionsOf(ada.accessToken);
    const info = await server.call('GET', '/auth/users/userInfo', { token: ada.accessToken });
    await server.process.stop();

    for (const name of readdirSync(folder.path)) if (name.startsWith('read-models')) rmSync(join(folder.path, name));
    for (const name of readdirSync(folder.path)) if (name.startsWith('snapshots')) rmSync(join(folder.path, name));
    const restarted = await Server.start({}, folder.path);
    expect(await restarted.sessionsOf(ada.accessToken)).toEqual(before);
    expect((await restarted.call('GET', '/auth/users/userInfo', { token: ada.accessToken })).body).toEqual(info.body);
    await restarted.process.stop('SIGKILL');
  });
});
