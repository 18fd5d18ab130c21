import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type UserId, asCredentialId, asUserId, userStream } from '#domain/ids.js';
import { RESERVATION_MS } from '#domain/reservation/reservation.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { adaAsserted, adaAtWayf } from '#domain/testing/federation.js';
import { type AssertedProfile, NOTHING_ASSERTED } from '#domain/user/asserted-profile.js';
import { DERIVED_USERNAMES, derivedUsername } from '#domain/user/derived-username.js';
import { type FederatedIdentity, identityText } from '#domain/user/federation.js';
import { type ActiveUser, nameOf } from '#domain/user/user-state.js';
import { type UserCommand, user } from '#domain/user/user.js';
import { demandUsername } from '#domain/user/username.js';
import { EventCodec } from '#event-store/codec.js';
import { type EventStore, LOG_START, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { SqliteEventStore } from '#event-store/sqlite/sqlite-event-store.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { AccountRegistration } from './account-registration.js';
import { FederatedAccounts } from './federated-accounts.js';
import { type Identifier, IdentifierReservations } from './identifier-reservations.js';

const now = new Date('2030-01-01T00:00:00.000Z');
const later = (ms: number) => someContext({ now: new Date(now.getTime() + ms) });
const digest = new IdentifierDigest(Buffer.alloc(32, 1));
const eveAtWayf: FederatedIdentity = { ...adaAtWayf, subject: 'WAYF-DK-eve' };
const identifierOf = (identity: FederatedIdentity): Identifier => ({ kind: 'idp', value: identityText(identity) });
const refused = (fault: string) => expect.objectContaining({ name: 'SamlRefused', fault });

/** A node: its own view of the log, and of what is kept of it. */
function nodeOn(store: EventStore, keys: MemoryKeys) {
  const repository = new Repository(store, new EventCodec(keys), { backOff: async () => {} });
  const reservations = new IdentifierReservations(repository, digest);
  const accounts = new FederatedAccounts(repository, reservations, digest);
  const registration = new AccountRegistration(repository, reservations);
  return { repository, reservations, accounts, registration };
}
type Node = ReturnType<typeof nodeOn>;

/** The log, as far as others can append before each n-th append of this node. */
const interrupted = (store: EventStore, before: (append: number) => Promise<void>): EventStore => {
  let appends = 0;
  return new Proxy(store, {
    get(target, name: keyof EventStore) {
      if (name !== 'append') return (target[name] as () => unknown).bind(target);
      return async (...what: Parameters<EventStore['append']>) => {
        appends += 1;
        await before(appends);
        return target.append(...what);
      };
    },
  });
};

async function eventsIn(store: EventStore): Promise<RecordedEvent[]> {
  const stop = new AbortController();
  const recorded: RecordedEvent[] = [];
  const head = await store.head();
  for await (const { events, through } of store.subscribeAll({ after: LOG_START, signal: stop.signal })) {
    recorded.push(...events);
    if (hasReached(through, head)) stop.abort();
  }
  return recorded;
}

const countIn = async (store: EventStore, type: string) =>
  (await eventsIn(store)).filter((event) => event.type === type).length;

let store: MemoryEventStore;
let keys: MemoryKeys;
let node: Node;
beforeEach(() => {
  store = new MemoryEventStore();
  keys = new MemoryKeys();
  node = nodeOn(store, keys);
});

const signIn = (identity = adaAtWayf, profile: AssertedProfile = adaAsserted) =>
  node.accounts.signIn(identity, profile, someContext({ now }));
const administer = (id: UserId, command: UserCommand) =>
  node.repository.execute(user, userStream(id), command, someContext({ now }));

describe('a first login', () => {
  it('makes an account, with a name made of theirs that nobody else can have', async () => {
    const account = await signIn();
    expect(account).toMatchObject({
      kind: 'wayf',
      role: 'USER',
      registeredBy: 'identity-provider',
      credentialId: null,
    });
    expect(nameOf(account)).toMatch(/^AdaLovelace#\d{4}$/);
    const { reservations } = node;
    expect(await reservations.find({ kind: 'name', value: nameOf(account) })).toMatchObject({ status: 'held' });
    expect(await reservations.find(identifierOf(adaAtWayf))).toMatchObject({ status: 'held', holder: account.id });
  });

  it('is done by the person', async () => {
    const { id } = await signIn();
    const created = (await eventsIn(store)).find(({ type }) => type === 'UserCreated');
    expect(created?.metadata).toMatchObject({ actor: id, actorKind: 'user' });
  });

  it('leaves nothing in the log by which somebody could be told', async () => {
    await signIn();
    const log = JSON.stringify(await eventsIn(store));
    expect(log).not.toMatch(/WAYF-DK|Ada|Lovelace|ada@example/);
    expect(log).toContain('https://wayf.wayf.dk');
  });

  it('works for whoever has no name, one in other letters, or one without end', async () => {
    const names = [
      [null, null, /^Person#\d{4}$/],
      ['', ' ', /^Person#\d{4}$/],
      ['Åse', 'Ødegård', /^ÅseØdegård#\d{4}$/],
      ['小龍', '李', /^小龍李#\d{4}$/],
      ['"><img src=x>', null, /^"><imgsrc=x>#\d{4}$/],
      ['A'.repeat(10_000), 'B', /^A{239}#\d{4}$/],
    ] as const;
    for (const [index, [firstNames, lastName, expected]] of names.entries()) {
      const identity = { ...adaAtWayf, subject: `WAYF-DK-${index}` };
      const account = await signIn(identity, { ...NOTHING_ASSERTED, firstNames, lastName });
      expect(nameOf(account)).toMatch(expected);
      demandUsername(nameOf(account), 'password');
    }
  });

  it('is refused without a name of the identity provider for them', async () => {
    for (const subject of ['', ' ', '\n'])
      await expect(signIn({ ...adaAtWayf, subject })).rejects.toEqual(refused('identifier-missing'));
    expect(await eventsIn(store)).toEqual([]);
  });

  it('makes another account for each spelling, and for each identity provider (wayf-saml §1.5)', async () => {
    const identities = [
      adaAtWayf,
      { ...adaAtWayf, subject: 'wayf-dk-ada' },
      { ...adaAtWayf, identityProvider: 'https://idp.example.org' },
    ];
    const ids = new Set<UserId>();
    for (const identity of identities) ids.add((await signIn(identity)).id);
    expect(ids.size).toBe(3);
  });

  it('never finds somebody by an address', async () => {
    const [registered] = await node.registration.register(
      [registering('ada', 'ada@example.org')],
      someContext({ now }),
    );
    const account = await signIn();
    const other = await signIn(eveAtWayf);
    expect(new Set([registered?.id, account.id, other.id]).size).toBe(3);
    expect([account.claims.email, other.claims.email]).toEqual(['ada@example.org', 'ada@example.org']);
    expect(await node.reservations.holderOf({ kind: 'email', value: 'ada@example.org' })).toBe(registered?.id);
  });

  it('goes on to the next name where one is taken, and gives up where all are', async () => {
    const taking = (count: number) =>
      interrupted(store, async (append) => {
        // What is tried depends on the id, which is known once the identity is reserved.
        if (append !== 2) return;
        const holder = await node.reservations.holderOf(identifierOf(adaAtWayf));
        for (let attempt = 0; attempt < count; attempt += 1) {
          const seed = createHash('sha256').update(`${holder} ${attempt}`).digest();
          const name = derivedUsername(adaAsserted, attempt, seed);
          await node.reservations.reserve({ kind: 'name', value: name }, asUserId('eve'), someContext({ now }));
        }
      });
    const login = (count: number) => nodeOn(taking(count), keys).accounts.signIn(adaAtWayf, adaAsserted, later(0));
    await expect(login(DERIVED_USERNAMES)).rejects.toMatchObject({ fault: 'account-not-usable' });
    store = new MemoryEventStore();
    node = nodeOn(store, keys);
    expect(nameOf(await login(10))).toMatch(/^AdaLovelace#[A-Z0-9]{4}$/);
  });
});

const registering = (username: string, email: string) => {
  const names = { username, email, firstNames: username, lastName: username, organizationId: null };
  const create = { type: 'CreateUser', role: 'USER', credentialId: asCredentialId('c1'), ...names } as const;
  return {
    identifiers: [
      { kind: 'name', value: username },
      { kind: 'email', value: email },
    ] as const,
    draft: { ...create, id: asUserId('nobody yet'), registeredBy: 'service' } as const,
    prepare: async (id: UserId) => ({ ...create, id, registeredBy: 'service' }) as const,
  };
};

describe('a later login', () => {
  it('finds the same account, and appends nothing if nothing has changed', async () => {
    const { id } = await signIn();
    const before = await eventsIn(store);
    expect((await signIn()).id).toBe(id);
    expect(await eventsIn(store)).toEqual(before);
  });

  it('records what is said now, and keeps what was said before in the log', async () => {
    const { id, claims } = await signIn();
    const married = await signIn(adaAtWayf, { ...adaAsserted, lastName: 'King', mails: [], organizationId: 'KU.dk' });
    expect(married).toMatchObject({ id, claims: { username: claims.username, lastName: 'King', email: null } });
    expect(married.federation?.profile.organizationId).toBe('ku.dk');
    expect(await countIn(store, 'AssertedProfileChanged')).toBe(2);
  });

  it('is refused for an account that is suspended or deleted, and records nothing', async () => {
    const { id } = await signIn();
    const by = asUserId('the administrator');
    await administer(id, { type: 'SuspendUser', by, reason: null });
    const changed = { ...adaAsserted, lastName: 'King' };
    await expect(signIn(adaAtWayf, changed)).rejects.toEqual(refused('account-not-usable'));
    await administer(id, { type: 'ReinstateUser', by, reason: null });
    expect((await signIn()).id).toBe(id);
    await administer(id, { type: 'DeleteUser', by, reason: null });
    await expect(signIn(adaAtWayf, changed)).rejects.toEqual(refused('account-not-usable'));
    await expect(signIn(adaAtWayf, changed)).rejects.toBeInstanceOf(SamlRefused);
    expect(await countIn(store, 'AssertedProfileChanged')).toBe(1);
  });

  it('is a first one again for somebody who was erased, also before that has come to its end', async () => {
    const { id, claims } = await signIn();
    await administer(id, { type: 'EraseUser', by: id, ground: 'own-request', ticket: null });
    const again = await signIn();
    expect(again.id).not.toBe(id);
    expect(again.claims.username).not.toBe(claims.username);
    keys.destroy(id);
    expect((await signIn()).id).toBe(again.id);
  });
});

describe('many first logins of one person at the same moment', () => {
  let folder: string;
  let stores: readonly [SqliteEventStore, SqliteEventStore];
  let nodes: readonly [Node, Node];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
    const file = join(folder, 'events.db');
    stores = [new SqliteEventStore(file), new SqliteEventStore(file)];
    nodes = [nodeOn(stores[0], keys), nodeOn(stores[1], keys)];
  });
  afterEach(async () => {
    for (const each of stores) await each.close();
    rmSync(folder, { recursive: true });
  });
  const twelve = (login: (accounts: FederatedAccounts, index: number) => Promise<ActiveUser>) =>
    Promise.all(Array.from({ length: 12 }, (_, index) => login(nodes[index % 2 === 0 ? 0 : 1].accounts, index)));

  it('make one account on two nodes, and all get it', async () => {
    const accounts = await twelve((node, index) => {
      // Some are told another name, or another spelling of it, so that not all would choose the same one.
      const lastName = ['King', 'LOVELACE'][index - 9] ?? 'Lovelace';
      return node.signIn(adaAtWayf, { ...adaAsserted, lastName }, someContext({ now }));
    });
    expect(new Set(accounts.map(({ id }) => id)).size).toBe(1);
    expect(await countIn(stores[0], 'UserCreated')).toBe(1);
    expect(await countIn(stores[0], 'IdentityFederated')).toBe(1);
    expect(await namesHeld(stores[0])).toBe(1);
  });

  it('make one account each of twelve people of the same name', async () => {
    const accounts = await twelve((node, index) =>
      node.signIn({ ...adaAtWayf, subject: `WAYF-DK-${index}` }, adaAsserted, someContext({ now })),
    );
    expect(new Set(accounts.map(({ id }) => id)).size).toBe(12);
    expect(new Set(accounts.map(({ claims }) => claims.username)).size).toBe(12);
  });
});

/** How many names are reserved and not released. */
async function namesHeld(log: EventStore): Promise<number> {
  const held = new Map<string, boolean>();
  for (const { stream, type } of await eventsIn(log))
    if (stream.startsWith('name-')) held.set(stream, type !== 'IdentifierReleased');
  return [...held.values()].filter(Boolean).length;
}

describe('a first login that dies on the way', () => {
  it('is brought to its end by the next one, whatever step it died before, at once or much later', async () => {
    for (const delay of [0, 2 * RESERVATION_MS]) {
      let deaths = 0;
      for (let step = 1; ; step += 1) {
        store = new MemoryEventStore();
        const dying = nodeOn(
          interrupted(store, async (append) => {
            if (append >= step) throw new Error('the process died');
          }),
          keys,
        );
        const login = dying.accounts.signIn(adaAtWayf, adaAsserted, someContext({ now }));
        const outcome = await login.then(
          () => 'done',
          (error: Error) => error.message,
        );
        if (outcome === 'done') break;
        expect(outcome).toBe('the process died');
        deaths += 1;
        const next = nodeOn(store, keys);
        const account = await next.accounts.signIn(adaAtWayf, adaAsserted, later(delay));
        expect(await countIn(store, 'UserCreated')).toBe(1);
        expect(await namesHeld(store)).toBe(1);
        for (const identifier of [identifierOf(adaAtWayf), { kind: 'name', value: nameOf(account) } as const])
          expect(await next.reservations.find(identifier)).toMatchObject({ status: 'held', holder: account.id });
      }
      // The identity, the name, the account, and both confirmed.
      expect(deaths).toBe(5);
    }
  });

  it('is another one where somebody took its name meanwhile', async () => {
    const dying = nodeOn(
      interrupted(store, async (append) => {
        if (append >= 3) throw new Error('the process died');
      }),
      keys,
    );
    await expect(dying.accounts.signIn(adaAtWayf, adaAsserted, someContext({ now }))).rejects.toThrow('died');
    const left = await node.reservations.find(identifierOf(adaAtWayf));
    const holder = left.status === 'free' ? null : left.holder;
    if (holder === null) throw new Error('nobody was to be made');
    // Whoever takes the name makes sure that it is never used.
    await node.reservations.abandonCreation(holder, later(RESERVATION_MS));
    const account = await node.accounts.signIn(adaAtWayf, adaAsserted, later(RESERVATION_MS));
    expect(account.id).not.toBe(holder);
    expect(await countIn(store, 'UserCreated')).toBe(1);
  });

  it('leaves a name behind that others can have, if the account got another one', async () => {
    const account = await signIn();
    const name: Identifier = { kind: 'name', value: 'AdaKing#0001' };
    await node.reservations.reserve(name, account.id, someContext({ now }));
    const taking = (ms: number) =>
      node.registration.register([registering('AdaKing#0001', 'king@example.org')], later(ms));
    await expect(taking(RESERVATION_MS - 1)).rejects.toMatchObject({ code: 'username-taken' });
    const [other] = await taking(RESERVATION_MS);
    expect(await node.reservations.holderOf(name)).toBe(other?.id);
  });
});
