import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PUBLISHED_AHEAD_MS, PUBLISHED_AFTER_MS, ROTATION_MS } from '#domain/signing-key/signing-key.js';
import { StandInServer } from '#event-store/eventstoredb/testing/stand-in-server.js';
import { createLog } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { readSettings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { AccessTokens } from '#tokens/access-token.js';
import { CLAIMS_OF_ADA } from '#tokens/testing/claims.js';
import { MemoryHolderKeys } from '#tokens/testing/memory-holder-keys.js';
import { TestClock } from '../testing/test-app.js';
import { SigningKeys } from './signing-keys.js';

const TOKEN_LIFE_MS = 10 * 60_000;

const clock = new TestClock();
let folder: string;
let log: StandInServer | null;
let nodes: Node[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) await node.stop();
  await log?.stop();
  rmSync(folder, { recursive: true });
});

/** What one API process does with the keys of the installation. */
class Node {
  private constructor(
    private readonly stores: Stores,
    readonly keys: SigningKeys,
    private readonly tokens: AccessTokens,
  ) {}

  static async start(): Promise<Node> {
    const { connectionString = 'sqlite' } = log ?? {};
    const settings = readSettings({ AUTHLOG_DATA: folder, AUTHLOG_EVENT_STORE: connectionString });
    const said = createLog('error');
    const stores = await Stores.open(settings, clock, new Metrics(), said);
    const keys = new SigningKeys(stores.repository, stores, clock, said);
    await keys.onApplicationBootstrap();
    const node = new Node(stores, keys, new AccessTokens(keys, 'https://auth.example.org', new MemoryHolderKeys()));
    nodes.push(node);
    return node;
  }

  get published(): string[] {
    return this.keys.keySet().keys.map(({ kid = '' }) => kid);
  }

  async sign(): Promise<string> {
    const now = clock.now();
    return this.tokens.sign({ ...CLAIMS_OF_ADA, expiresAt: new Date(now.getTime() + TOKEN_LIFE_MS) }, now);
  }

  takes = (token: string) => this.tokens.verify(token, clock.now()).then(() => true);

  async stop(): Promise<void> {
    await this.keys.stop();
    await this.stores.close();
  }
}

const keyOf = (token: string) => decodeProtectedHeader(token).kid;

describe.each([
  ['a log in a file', () => Promise.resolve(null)],
  ['a log far away', () => StandInServer.start()],
])('several nodes on %s', (_, startLog) => {
  beforeEach(async () => {
    log = await startLog();
  });

  it('agree on the first key when they start together', async () => {
    const [one, two] = await Promise.all([Node.start(), Node.start()]);
    await expect.poll(() => two.published).toEqual(one.published);
    expect(one.published).toHaveLength(1);
    expect(await two.takes(await one.sign())).toBe(true);
  });

  it('take every token of each other while the key rotates (SEC-145)', async () => {
    const one = await Node.start();
    const two = await Node.start();
    const [old] = one.published;
    const takesAll = async () => {
      for (const [signer, other] of [
        [one, two],
        [two, one],
      ] as const)
        expect(await other.takes(await signer.sign())).toBe(true);
    };
    await takesAll();

    // The hour before the new key signs; the third node stands for whichever looks first.
    clock.advance(ROTATION_MS - PUBLISHED_AHEAD_MS);
    const [, next] = (await Node.start()).published;
    await takesAll();
    for (const node of [one, two]) await expect.poll(() => node.published).toEqual([old, next]);
    clock.advance(PUBLISHED_AHEAD_MS - 1);
    const last = await one.sign();
    await takesAll();

    clock.advance(1);
    expect([keyOf(last), keyOf(await one.sign()), keyOf(await two.sign())]).toEqual([old, next, next]);
    await takesAll();
    expect(await two.takes(last)).toBe(true);
    clock.advance(TOKEN_LIFE_MS - 2_000);
    expect(await two.takes(last)).toBe(true);

    clock.advance(PUBLISHED_AFTER_MS);
    await Node.start();
    for (const node of [one, two]) await expect.poll(() => node.published).toEqual([next]);
    await takesAll();
    expect(keyOf(await one.sign())).toBe(next);
  });
});
