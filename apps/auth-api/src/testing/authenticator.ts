import { TOTP } from 'otpauth';
import type { TestAnswer, TestApp } from './test-app.js';

/** The second factor of somebody in a test: what their app shows, and what they wrote down. */
export class Authenticator {
  private constructor(
    private readonly app: TestApp,
    private readonly secret: string,
    readonly recoveryCodes: readonly string[],
  ) {}

  /** Enrols one, and waits until it shows another code than the one that was used. */
  static async enrol(app: TestApp, accessToken: string): Promise<Authenticator> {
    const { json } = await app.call('POST', '/auth/2fa', { token: accessToken });
    const made = new Authenticator(app, String(json['secret']), json['recoveryCodes'] as string[]);
    const answer = { challengeId: json['challengeId'], verificationCode: made.code() };
    const { status, text } = await app.call('POST', '/auth/2fa/challenge', { token: accessToken, json: answer });
    if (status !== 204) throw new Error(`enrolling answered ${status} ${text}`);
    app.clock.advance(60_000);
    return made;
  }

  code(): string {
    return new TOTP({ secret: this.secret }).generate({ timestamp: this.app.clock.now().getTime() });
  }

  /** Answers the challenge of a login with the code of this moment. */
  async answer(challengeId: unknown): Promise<TestAnswer> {
    return this.app.call('POST', '/auth/2fa/challenge', {
      json: { challengeId, verificationCode: this.code() },
      headers: { accept: 'application/json' },
    });
  }

  /** Logs in with the password and the code, and waits until there is another one. @throws Error unless it succeeds */
  async logIn(username: string, password: string): Promise<string> {
    const { status, text, json } = await this.answer((await this.app.tryLogIn(username, password)).json['2fa']);
    if (status !== 200) throw new Error(`the code answered ${status} ${text}`);
    this.app.clock.advance(60_000);
    return String(json['accessToken']);
  }
}
