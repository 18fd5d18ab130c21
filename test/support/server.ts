import { type Environment, RunningProcess, temporaryFolder } from './running-process.js';

export const ADMIN = { username: 'admin', password: 'the admin of the tests' };
export const SERVICE_TOKEN = '5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f.a-secret-that-only-the-tests-know';
export const PUBLIC_URL = 'http://localhost:8080';

interface RequestOptions {
  /** After `Authorization: Bearer `. */
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, its body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests say what they expect of a body; here it can be anything.
  readonly body: Record<string, unknown>;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly csrfToken: string;
}

/** A started API with a data folder of its own. */
export class Server {
  private constructor(
    readonly process: RunningProcess,
    readonly url: string,
    readonly data: string,
    private readonly removeData: () => void,
  ) {}

  static async start(environment: Environment = {}, data?: string): Promise<Server> {
    const folder = data === undefined ? temporaryFolder() : { path: data, remove: () => undefined };
    const process = new RunningProcess('auth-api', {
      AUTHLOG_PORT: '0',
      AUTHLOG_DATA: folder.path,
      AUTHLOG_ADMIN_PASSWORD: ADMIN.password,
      AUTHLOG_SERVICE_TOKEN: SERVICE_TOKEN,
      ...environment,
    });
    const [, url = ''] = await process.says(/^authlog is ready at (\S+)$/m);
    return new Server(process, url, folder.path, folder.remove);
  }

  /** Ends it at once, and removes its data. */
  async remove(): Promise<void> {
    await this.process.stop('SIGKILL');
    this.removeData();
  }

  async call(method: string, path: string, { token, json, form, headers = {} }: RequestOptions = {}): Promise<Answer> {
    const answer = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : { text };
    return { status: answer.status, headers: answer.headers, body: body as Record<string, unknown> };
  }

  async tryLogIn(username: string, password: string, service = 'cli', headers = {}): Promise<Answer> {
    return this.call('POST', '/auth/login', {
      form: { username, password, service },
      headers: { accept: 'application/json', ...headers },
    });
  }

  /** @throws Error unless it succeeds */
  async logIn(username: string, password: string, service = 'cli'): Promise<Tokens> {
    const { status, body } = await this.tryLogIn(username, password, service);
    if (status !== 200) throw new Error(`login answered ${status} ${JSON.stringify(body)}`);
    return body as unknown as Tokens;
  }

  async asAdmin(): Promise<string> {
    return (await this.logIn(ADMIN.username, ADMIN.password)).accessToken;
  }

  /** An access token of `_bootstrap`. */
  async asService(): Promise<string> {
    const { body } = await this.call('POST', '/auth/refresh', { token: SERVICE_TOKEN });
    return String(body['accessToken']);
  }

  /** Makes a person with the password `passwordOf(name)`; @throws Error unless it succeeds */
  async createPerson(username: string): Promise<Tokens> {
    const person = { username, password: passwordOf(username), email: `${username}@example.org` };
    const { status, body } = await this.call('POST', '/auth/users/register', {
      token: await this.asService(),
      json: [person],
    });
    if (status !== 200) throw new Error(`register answered ${status} ${JSON.stringify(body)}`);
    return (body as unknown as Tokens[])[0] as Tokens;
  }

  /** Makes a person and logs them in. */
  async newPerson(username: string): Promise<Tokens> {
    await this.createPerson(username);
    return this.logIn(username, passwordOf(username));
  }

  async sessionsOf(accessToken: string): Promise<Record<string, unknown>[]> {
    const { body } = await this.call('GET', '/auth/sessions?itemsPerPage=250', { token: accessToken });
    return body['items'] as Record<string, unknown>[];
  }
}

export const passwordOf = (username: string) => `the password of ${username}`;
