import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('serviceLicenseAgreement: { version: 2, text: "Be kind." }');
});
afterAll(() => app.close());

describe('the service licence agreement', () => {
  it('is shown, accepted in its current version, and said in the next token (ucloud-users-api §16.1)', async () => {
    const { accessToken: token, refreshToken } = await app.person('ada');
    const claim = async () => {
      const { json } = await app.call('POST', '/auth/refresh', { token: refreshToken });
      return decodeJwt(String(json['accessToken']))['serviceLicenseAgreement'];
    };
    const accept = (version: unknown) => app.call('POST', '/api/sla/accept', { token, json: { version } });
    expect((await app.call('GET', '/api/sla', { token })).json).toEqual({ version: 2, text: 'Be kind.' });
    expect(await claim()).toBe(false);
    for (const version of [0, 1, 3])
      expect(await accept(version)).toMatchObject({ status: 400, json: { errorCode: 'agreement-not-current' } });
    for (const version of ['2', null, 2.5, undefined])
      expect(await accept(version)).toMatchObject({ status: 400, json: { errorCode: 'body-invalid' } });

    expect((await accept(2)).json).toEqual({});
    expect((await accept(2)).status).toBe(200);
    expect(await app.events('user')).toContain('AgreementAccepted');
    expect((await app.events('user')).filter((type) => type === 'AgreementAccepted')).toHaveLength(1);
    expect(await claim()).toBe(true);
    const principal = await app.call('GET', '/auth/users/retrievePrincipal?username=ada', {
      token: await app.asService(),
    });
    expect(principal.json['serviceLicenseAgreement']).toBe(2);
  });
});
