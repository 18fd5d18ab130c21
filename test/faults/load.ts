import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, SERVICE_TOKEN, type Server, type Tokens, passwordOf } from '../support/server.js';
import type { Installation } from './installation.js';
import type { SeededRandom } from './random.js';

/** A session as its client knows it. */
export interface KnownSession {
  readonly id: string;
  tokens: Tokens;
  /** Refreshes that were answered, and those of which nobody knows what became. */
  refreshes: number;
  unknown: number;
  /** `unknown`: its end was asked for and not answered. */
  end: 'none' | 'acknowledged' | 'unknown' | 'lost';
}

export interface KnownToken {
  readonly jti: string;
  readonly wins: number;
  readonly unknown: number;
}

/** What clients have seen: the log has to agree. */
export interface Facts {
  readonly sessions: KnownSession[];
  readonly oneTimeTokens: KnownToken[];
  readonly registered: string[];
  requests: number;
  acknowledged: number;
  refused: number;
  unavailable: number;
  cut: number;
  /** Answers that nobody should ever get. */
  readonly dirty: string[];
}

type Reply = { readonly kind: 'answer'; readonly answer: Answer } | { readonly kind: 'cut' };

const PEOPLE = 12;
const RETRIES = 8;

/** Clients that log in, refresh, hand out tokens, register and leave, all the time. */
export class Load {
  readonly facts: Facts = {
    sessions: [],
    oneTimeTokens: [],
    registered: [],
    requests: 0,
    acknowledged: 0,
    refused: 0,
    unavailable: 0,
    cut: 0,
    dirty: [],
  };
  private serviceToken = '';
  private registrations = 0;
  private running: Promise<void>[] = [];
  private stopping = false;

  constructor(
    private readonly installation: Installation,
    private readonly random: SeededRandom,
  ) {}

  /** The people that log in. */
  async prepare(): Promise<void> {
    const [server] = this.installation.nodes;
    for (let person = 0; person < PEOPLE; person += 1) await server?.createPerson(`person-${person}`);
    await this.renewServiceToken();
  }

  start(workers: number): void {
    this.stopping = false;
    this.running = Array.from({ length: workers }, () => this.work());
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running);
  }

  private async work(): Promise<void> {
    const own: KnownSession[] = [];
    while (!this.stopping) {
      const alive = own.filter(({ end }) => end === 'none');
      const choice = this.random.below(10);
      if (alive.length === 0 || choice === 0) await this.logIn(own);
      else if (choice <= 4) await this.refresh(this.random.pick(alive));
      else if (choice <= 6) await this.oneTimeToken(this.random.pick(alive));
      else if (choice === 7)
        await this.ask('GET', '/auth/sessions', { token: this.random.pick(alive).tokens.accessToken });
      else if (choice === 8) await this.register();
      else await this.logOut(this.random.pick(alive));
    }
  }

  private async logIn(own: KnownSession[]): Promise<void> {
    const username = `person-${this.random.below(PEOPLE)}`;
    const form = { username, password: passwordOf(username), service: 'cli' };
    const reply = await this.ask('POST', '/auth/login', { form, headers: { accept: 'application/json' } });
    if (reply.kind !== 'answer' || reply.answer.status !== 200) return;
    const tokens = reply.answer.body as unknown as Tokens;
    const id = tokens.refreshToken.split('.')[0] ?? '';
    const session: KnownSession = { id, tokens, refreshes: 0, unknown: 0, end: 'none' };
    own.push(session);
    this.facts.sessions.push(session);
  }

  private async refresh(session: KnownSession): Promise<void> {
    const reply = await this.ask('POST', '/auth/refresh', { token: session.tokens.refreshToken });
    if (reply.kind === 'cut' || reply.answer.status === 503) session.unknown += 1;
    else if (reply.answer.status === 200) {
      const next = reply.answer.body as unknown as Tokens;
      session.tokens = { ...session.tokens, ...next };
      session.refreshes += 1;
    }
    // An answer that was lost for longer than the retry window: the client has no right to the session any more.
    else session.end = 'lost';
  }

  private async logOut(session: KnownSession): Promise<void> {
    const reply = await this.ask('POST', '/auth/logout', { token: session.tokens.refreshToken });
    const isKnown = reply.kind === 'answer' && reply.answer.status !== 503;
    session.end = !isKnown ? 'unknown' : reply.answer.status < 300 ? 'acknowledged' : 'lost';
  }

  private async oneTimeToken({ tokens }: KnownSession): Promise<void> {
    const asked = await this.ask('POST', '/auth/request?audience=a:read', { token: tokens.accessToken });
    if (asked.kind !== 'answer' || asked.answer.status !== 200) return;
    const jti = String(asked.answer.body['jti']);
    const claims = await Promise.all(
      this.installation.nodes.map((node) =>
        this.ask('POST', `/auth/claim?jti=${jti}`, { token: this.serviceToken }, node),
      ),
    );
    const wins = claims.filter((reply) => reply.kind === 'answer' && reply.answer.status === 200).length;
    const unknown = claims.filter((reply) => reply.kind === 'cut' || reply.answer.status === 503).length;
    this.facts.oneTimeTokens.push({ jti, wins, unknown });
    if (claims.some((reply) => reply.kind === 'answer' && reply.answer.status === 401)) await this.renewServiceToken();
  }

  /** Asked for again with the same key until it is known what became of it. */
  private async register(): Promise<void> {
    const username = `made-${(this.registrations += 1)}`;
    const json = [{ username, password: passwordOf(username), email: `${username}@example.org` }];
    const headers = { 'idempotency-key': username };
    for (let tries = 0; tries < RETRIES; tries += 1) {
      const reply = await this.ask('POST', '/auth/users/register', { token: this.serviceToken, json, headers });
      if (reply.kind === 'answer' && reply.answer.status === 200) {
        this.facts.registered.push(username);
        return;
      }
      if (reply.kind === 'answer' && reply.answer.status === 401) await this.renewServiceToken();
      await delay(200);
    }
  }

  private async renewServiceToken(): Promise<void> {
    const reply = await this.ask('POST', '/auth/refresh', { token: SERVICE_TOKEN });
    if (reply.kind === 'answer' && reply.answer.status === 200)
      this.serviceToken = String(reply.answer.body['accessToken']);
  }

  private async ask(
    method: string,
    path: string,
    options: Parameters<Server['call']>[2],
    node = this.random.pick(this.installation.nodes),
  ): Promise<Reply> {
    this.facts.requests += 1;
    let answer: Answer;
    try {
      answer = await node.call(method, path, options);
    } catch {
      this.facts.cut += 1;
      await delay(20);
      return { kind: 'cut' };
    }
    this.judge(`${method} ${path.replace(/\?.*/, '')}`, answer);
    return { kind: 'answer', answer };
  }

  private judge(call: string, { status, headers, body }: Answer): void {
    const isRefusal = typeof body['errorCode'] === 'string' && typeof body['why'] === 'string';
    if (status < 300) this.facts.acknowledged += 1;
    else if (status >= 400 && status < 500 && isRefusal) this.facts.refused += 1;
    else if (status === 503 && isRefusal && headers.get('retry-after') !== null) this.facts.unavailable += 1;
    else this.facts.dirty.push(`${call} answered ${status} ${JSON.stringify(body).slice(0, 200)}`);
  }
}
