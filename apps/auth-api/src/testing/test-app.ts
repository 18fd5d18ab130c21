import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Abstract } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { type GenerateKeyPairResult, generateKeyPair } from 'jose';
import { type DatabaseKind, queryFile } from '#database/testing/test-place.js';
import type { PostgresServer } from '#database/place.js';
import { TestDatabase, addressOf } from '#database/testing/test-database.js';
import { asUserId, categoryOf, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import { LOG_START, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { systemContext } from '#event-store/envelope.js';
import { Announcements } from '#host/announcements.js';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { Settings, readSettings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { users } from '#read-models/users/users.projection.js';
import type { HashingCost } from '#vault/password-hash.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { countPasswords } from '#vault/testing/kept-passwords.js';
import { AppModule } from '../app.module.js';
import { createHttpAdapter, prepareHttp } from '../http-server.js';
import { ProviderKeys } from '../provider/provider-keys.js';
import { Accounts } from '../user/accounts.js';

/** A clock that stands still until it is told to go on. */
export class TestClock extends Clock {
  private time = Date.parse('2030-01-01T00:00:00.000Z');

  now(): Date {
    return new Date(this.time);
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

class Recorder {
  readonly lines: string[] = [];
  level = 'info';
  say = (line: string) => void this.lines.push(line);
  debug = () => undefined;
  info = (fields: object, message: string) => this.record('info', fields, message);
  warn = (fields: object, message: string) => this.record('warn', fields, message);
  error = (fields: object, message: string) => this.record('error', fields, message);

  private record(level: string, fields: object, message: string): void {
    this.lines.push(JSON.stringify({ level, ...fields, message }));
  }
}

export const SERVICE_TOKEN = '5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f.a-secret-that-only-the-tests-know';
export const ORIGIN = 'http://localhost:8080';
const ADMIN_PASSWORD = 'the admin of the tests';

/** In service a hash takes tens of milliseconds, and most of what tests do is log in. */
export const QUICK: HashingCost = { memoryCost: 64, timeCost: 1, parallelism: 1 };
const HASHING_THREADS = 2;

const fewPairs: Promise<GenerateKeyPairResult>[] = [];
let pairsTaken = 0;

/** Making one takes a tenth of a second, of the usual size half of one; that it is another than the last is enough here. */
function nextOfFewPairs(): Promise<GenerateKeyPairResult> {
  const next = pairsTaken % 4;
  pairsTaken += 1;
  return (fewPairs[next] ??= generateKeyPair('RS256', { modulusLength: 2_048, extractable: true }));
}

interface RequestOptions {
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
}

/** An answer; `json` is its parsed body. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface TestTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly csrfToken: string;
}

export interface TestProvider {
  readonly claimToken: string;
  readonly publicKey: string;
  readonly refreshToken: string;
  readonly accessToken: string;
}

/** What an answer that refuses something is compared with. */
export const refusal = (errorCode: string, status = 400) => ({ status, json: { errorCode } });

export const passwordOf = (username: string) => `the password of ${username}`;

/** Where nothing else is said; see CONTRIBUTING.md. */
const USUAL_DATABASE: DatabaseKind = process.env['AUTHLOG_TEST_DATABASE'] === 'postgres' ? 'PostgreSQL' : 'SQLite';
export const MASTER_KEY = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64');

/** The categories of what is recorded beside the calls that led to it. */
const BESIDE_CALLS = new Set(['mail', 'reactor', 'refusals']);

/** The whole API in this process, on real databases, with a clock that the test turns. */
export class TestApp {
  readonly clock = new TestClock();
  readonly said = new Recorder();
  private app: NestFastifyApplication;

  private constructor(
    readonly folder: string,
    /** Removed at the end. */
    private readonly database: TestDatabase | null,
  ) {}

  /** @param configuration the YAML of AUTHLOG_CONFIG */
  static async start(configuration = '', kind = USUAL_DATABASE): Promise<TestApp> {
    if (kind === 'SQLite') return TestApp.startOn(null, configuration);
    const database = await TestDatabase.create();
    return TestApp.startOn(database.server, configuration, database);
  }

  /** @param server null for SQLite files */
  static async startOn(
    server: PostgresServer | null,
    configuration = '',
    database: TestDatabase | null = null,
  ): Promise<TestApp> {
    const test = new TestApp(mkdtempSync(join(tmpdir(), 'authlog-')), database);
    const config = join(test.folder, 'authlog.yaml');
    writeFileSync(config, configuration);
    const settings = readSettings({
      AUTHLOG_DATA: join(test.folder, 'data'),
      AUTHLOG_ADMIN_PASSWORD: ADMIN_PASSWORD,
      AUTHLOG_SERVICE_TOKEN: SERVICE_TOKEN,
      AUTHLOG_CONFIG: config,
      ...(server === null ? {} : { AUTHLOG_DATABASE: addressOf(server), AUTHLOG_MASTER_KEY: MASTER_KEY }),
    });
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(Settings)
      .useValue(settings)
      .overrideProvider(Clock)
      .useValue(test.clock)
      .overrideProvider(ProviderKeys)
      .useFactory({
        factory: ({ repository, vault }: Stores) => new ProviderKeys(repository, vault, nextOfFewPairs),
        inject: [Stores],
      })
      .overrideProvider(PasswordHasher)
      .useValue(new PasswordHasher(HASHING_THREADS, QUICK))
      .overrideProvider(Log)
      .useValue(test.said)
      .overrideProvider(Announcements)
      .useValue(test.said)
      .compile();
    test.app = module.createNestApplication<NestFastifyApplication>(createHttpAdapter(settings), {
      bodyParser: false,
      logger: false,
    });
    await prepareHttp(test.app);
    await test.app.init();
    await test.app.getHttpAdapter().getInstance().ready();
    return test;
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database?.remove();
    rmSync(this.folder, { recursive: true });
  }

  get<Provided>(token: Abstract<Provided>): Provided {
    return this.app.get<Provided>(token);
  }

  async call(
    method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'OPTIONS',
    url: string,
    options: RequestOptions = {},
  ): Promise<TestAnswer> {
    const { token, json, form, body, headers = {}, cookies = {} } = options;
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
    const payload = body ?? (json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json));
    const answer = await this.app.inject({
      method,
      url,
      cookies,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined && form === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    const isJson = answer.headers['content-type']?.toString().startsWith('application/json') ?? false;
    return {
      status: answer.statusCode,
      headers: answer.headers,
      cookies: answer.cookies,
      text: answer.body,
      json: isJson ? answer.json<Record<string, unknown>>() : {},
    };
  }

  async tryLogIn(
    username: string,
    password = passwordOf(username),
    service = 'cli',
    headers = {},
  ): Promise<TestAnswer> {
    return this.call('POST', '/auth/login', {
      form: { username, password, service },
      headers: { accept: 'application/json', ...headers },
    });
  }

  /** @throws Error unless it succeeds */
  async logIn(username: string, service = 'cli'): Promise<TestTokens> {
    const { status, text, json } = await this.tryLogIn(username, passwordOf(username), service);
    if (status !== 200) throw new Error(`login answered ${status} ${text}`);
    return json as unknown as TestTokens;
  }

  async asAdmin(): Promise<string> {
    return String((await this.tryLogIn('admin', ADMIN_PASSWORD)).json['accessToken']);
  }

  async asService(): Promise<string> {
    return String((await this.call('POST', '/auth/refresh', { token: SERVICE_TOKEN })).json['accessToken']);
  }

  /** Makes a person, or with a role `SERVICE` a service. @throws Error unless it succeeds */
  async create(username: string, role: 'USER' | 'ADMIN' | 'SERVICE' = 'USER'): Promise<TestTokens> {
    const json = [{ username, role, password: passwordOf(username), email: `${username}@example.org` }];
    const answer = await this.call('POST', '/auth/users/register', { token: await this.asService(), json });
    const [tokens] = answer.json as unknown as TestTokens[];
    if (answer.status !== 200 || tokens === undefined) throw new Error(`register answered ${answer.text}`);
    return tokens;
  }

  /** Makes a provider, and claims it. @throws Error unless it succeeds */
  async createProvider(id: string): Promise<TestProvider> {
    const token = await this.asService();
    const ask = async (call: string, item: object) => {
      const answer = await this.call('POST', `/auth/providers${call}`, { token, json: { items: [item] } });
      const { responses } = answer.json as { responses?: Record<string, string>[] };
      if (responses?.[0] === undefined) throw new Error(`${call} answered ${answer.text}`);
      return responses[0];
    };
    const { claimToken = '' } = await ask('', { id });
    const { publicKey = '', refreshToken = '' } = await ask('/claim', { claimToken });
    const { accessToken = '' } = await ask('/refresh', { refreshToken });
    return { claimToken, publicKey, refreshToken, accessToken };
  }

  /** Makes a person who then logs in. */
  async person(username: string, service = 'cli'): Promise<TestTokens> {
    await this.create(username);
    return this.logIn(username, service);
  }

  /** Deletes an account; read models know it once this resolves. */
  async deleteUser(username: string): Promise<void> {
    const { repository } = this.get(Stores);
    const stream = userStream((await this.get(Accounts).idOf(username)) ?? asUserId('nobody'));
    const command = { type: 'DeleteUser', by: asUserId('an administrator'), reason: null } as const;
    const { position } = await repository.execute(user, stream, command, systemContext(this.clock.now()));
    await this.get(ReadModelProgress).waitFor(users, position ?? LOG_START);
  }

  async sessionsOf(accessToken: string): Promise<Record<string, unknown>[]> {
    const { json, text } = await this.call('GET', '/auth/sessions?itemsPerPage=250', { token: accessToken });
    if (!Array.isArray(json['items'])) throw new Error(`the list answered ${text}`);
    return json['items'] as Record<string, unknown>[];
  }

  /** How many passwords of accounts the vault has. */
  async passwordsKept(): Promise<number> {
    const { database } = this;
    const query = <Row>(statement: string) =>
      database === null
        ? queryFile<Row>(join(this.folder, 'data', 'vault.db'), statement)
        : database.query<Row>(statement, 'authlog_vault');
    return countPasswords({ query });
  }

  /**
   * The types of the events in the log, oldest first; of the streams of one category if given. Without one, those are left out that
   * are recorded beside the calls that led to them: they come whenever they come.
   */
  async events(category?: string): Promise<string[]> {
    const recorded = await this.recorded(category);
    const shown =
      category === undefined ? recorded.filter(({ stream }) => !BESIDE_CALLS.has(categoryOf(stream))) : recorded;
    return shown.map(({ type }) => type);
  }

  /** The events of one type as they are stored. */
  async stored(category: string, type: string): Promise<RecordedEvent[]> {
    return (await this.recorded(category)).filter((event) => event.type === type);
  }

  private async recorded(category?: string): Promise<RecordedEvent[]> {
    const { eventStore } = this.get(Stores);
    const head = await eventStore.head();
    const recorded: RecordedEvent[] = [];
    const stop = new AbortController();
    const options = category === undefined ? {} : { categories: [category] };
    for await (const { events, through } of eventStore.subscribeAll({
      after: LOG_START,
      ...options,
      signal: stop.signal,
    })) {
      recorded.push(...events);
      if (hasReached(through, head)) stop.abort();
    }
    return recorded;
  }
}
