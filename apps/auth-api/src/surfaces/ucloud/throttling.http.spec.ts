import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FREE_FAILURES, HARD_STOP, LONGEST_WAIT_MS } from '#domain/attempts/attempts.js';
import { type TestAnswer, TestApp } from '../../testing/test-app.js';

const RESET = 'seven small green bottles';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(`
passwordReset: { callers: [_bootstrap] }
trustedProxies: [127.0.0.1]
`);
});
afterAll(() => app.close());

/** An address that nobody else in these tests comes from. */
let strangers = 0;
const stranger = () => {
  strangers += 1;
  return { 'x-forwarded-for': `198.51.${Math.floor(strangers / 250)}.${strangers % 250}` };
};
const guess = (username: string, headers = stranger()) => app.tryLogIn(username, 'not this one', 'cli', headers);
const reset = async (userId: string) =>
  app.call('POST', '/auth/users/password/reset', {
    token: await app.asService(),
    json: { userId, newPassword: RESET },
  });
/** An answer without what differs between any two. */
const comparable = ({ status, text, headers: { date: _, 'job-id': __, ...headers } }: TestAnswer) => ({
  status,
  text,
  headers,
});

describe('a password that was guessed at a hundred times', () => {
  it('opens nothing until it is reset, and an unknown name looks the same (SEC-20, SEC-27)', async () => {
    await app.create('ada');
    for (let failure = 1; failure <= HARD_STOP; failure += 1) {
      if (failure > FREE_FAILURES) app.clock.advance(LONGEST_WAIT_MS);
      const statuses = [(await guess('ada')).status, (await guess('nobody')).status];
      expect([failure, statuses]).toEqual([failure, [401, 401]]);
    }
    app.clock.advance(100 * LONGEST_WAIT_MS);
    const [known, unknown] = [await app.tryLogIn('ada'), await guess('nobody')];
    expect(known).toMatchObject({
      status: 429,
      json: { errorCode: 'login-throttled', why: expect.stringContaining('Reset it') },
      headers: { 'retry-after': '900' },
    });
    expect(comparable(unknown)).toEqual(comparable(known));

    expect((await reset('ada')).status).toBe(200);
    expect((await app.tryLogIn('ada', RESET)).status).toBe(200);
    expect((await app.events('attempts')).filter((type) => type === 'FailedLoginsCleared')).toHaveLength(1);
  });
});
