import { Authenticator } from './authenticator.js';
import { type TestAnswer, type TestApp, passwordOf } from './test-app.js';

/** Somebody who may read the audit, just logged in with their second factor. */
export class AuditReader {
  private constructor(
    private readonly app: TestApp,
    private readonly authenticator: Authenticator,
    readonly username: string,
    public token: string,
  ) {}

  /** An administrator, or a person who has yet to be appointed. */
  static async create(app: TestApp, username: string, role: 'ADMIN' | 'USER' = 'ADMIN'): Promise<AuditReader> {
    await app.create(username, role);
    const authenticator = await Authenticator.enrol(app, (await app.logIn(username)).accessToken);
    const token = await authenticator.logIn(username, passwordOf(username));
    return new AuditReader(app, authenticator, username, token);
  }

  async logInAgain(): Promise<void> {
    this.token = await this.authenticator.logIn(this.username, passwordOf(this.username));
  }

  ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<TestAnswer> {
    const query = new URLSearchParams(parameters).toString();
    return this.app.call('GET', `/audit/${path}${query === '' ? '' : `?${query}`}`, { token: this.token });
  }

  /** The items of a page. @throws Error unless it was given */
  async items(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>[]> {
    const { json, text } = await this.ask(path, parameters);
    if (!Array.isArray(json['items'])) throw new Error(`${path} answered ${text}`);
    return json['items'] as Record<string, unknown>[];
  }
}
