import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type SessionId, asSessionId, asUserId, sessionStream } from '#domain/ids.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { FederatedLogin, ProviderNameId } from '#domain/session/federation.js';
import { session } from '#domain/session/session.js';
import { NO_CREDENTIALS } from '#domain/user/credentials.js';
import { EventCodec } from '#event-store/codec.js';
import type { EventStore } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { logoutSubjectOf } from './logout-subject.js';
import { ProviderSessions } from './provider-sessions.js';

const WAYF = 'https://wayf.example';
const NOON = new Date('2030-01-01T12:00:00.000Z');
const ada = asUserId('ada');
const at = (now: Date) => someContext({ now });
const [first, second, third] = [asSessionId('s1'), asSessionId('s2'), asSessionId('s3')];

const nameId = (more: Partial<ProviderNameId> = {}): ProviderNameId => ({
  value: 'WAYF-DK-ada',
  format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  nameQualifier: null,
  spNameQualifier: 'https://authlog.example',
  sessionIndex: 'one',
  ...more,
});

interface Login {
  readonly id?: SessionId;
  readonly userId?: typeof ada;
  readonly name?: ProviderNameId;
  readonly identityProvider?: string;
  readonly begunAt?: Date;
}

/** A process that people log in to by SAML. */
class Node {
  readonly repository: Repository;
  readonly sessions: ProviderSessions;

  constructor(store: EventStore, codec: EventCodec) {
    this.repository = new Repository(store, codec, { backOff: async () => {} });
    this.sessions = new ProviderSessions(this.repository, new IdentifierDigest(Buffer.alloc(32, 1)));
  }

  /** As a login does it: registered, opened, looked up once more. */
  async logIn({ id = first, userId = ada, name = nameId(), identityProvider = WAYF, begunAt = NOON }: Login = {}) {
    const endsAt = new Date('2030-01-01T16:00:00.000Z');
    const login = { identityProvider, nameId: name, userId, sessionId: id, endsAt, begunAt };
    const federated: FederatedLogin = {
      federation: { identityProvider, institution: 'sdu.example', authnContext: null, assurance: [] },
      nameId: name,
      authenticatedAt: NOON,
      sessionEndsAt: endsAt,
      begunAt,
    };
    const owner = {
      id: userId,
      role: 'USER',
      sessionEpoch: 0,
      sparedSession: null,
      scopeLimit: null,
      credentials: NO_CREDENTIALS,
    } as const;
    const service = { name: 'web', rotates: true, refreshTokenExpiresAfterMs: null };
    const opening = { owner, service, amr: ['saml'], secretHash: 'h', scopes: [], ipAddress: null, userAgent: null };
    await this.sessions.register(login, at(NOON));
    const command = { type: 'LogIn', ...opening, federated, now: NOON } as const;
    await this.repository.execute(session, sessionStream(id), command, at(NOON));
    await this.sessions.confirm(login, at(NOON));
  }

  logOut = (indexes: readonly string[] = ['one'], name = nameId(), identityProvider = WAYF, now = NOON) =>
    this.sessions.end({ identityProvider, nameId: name }, indexes, at(now));

  async statusOf(id: SessionId): Promise<string> {
    return (await this.repository.load(session, sessionStream(id))).state.status;
  }
}

const keys = new MemoryKeys();
const codec = new EventCodec(keys);
let log: MemoryEventStore;
let node: Node;
beforeEach(() => {
  log = new MemoryEventStore();
  node = new Node(log, codec);
});
const statuses = () => Promise.all([first, second, third].map((id) => node.statusOf(id)));

describe('a logout at the identity provider', () => {
  it('ends the sessions that it names, says which, and leaves all others', async () => {
    await node.logIn();
    await node.logIn({ id: second, name: nameId({ sessionIndex: 'two' }) });
    await node.logIn({ id: third, name: nameId({ sessionIndex: null }) });
    expect(await node.logOut(['one'])).toEqual([first]);
    expect(await statuses()).toEqual(['ended', 'open', 'open']);
    const { state } = await node.repository.load(session, sessionStream(first));
    expect(state).toMatchObject({ reason: 'identity-provider-logout' });
  });

  it('that names no session ends all of the person', async () => {
    await node.logIn();
    await node.logIn({ id: second, name: nameId({ sessionIndex: 'two' }) });
    await node.logIn({ id: third, name: nameId({ sessionIndex: null }) });
    expect(await node.logOut([])).toEqual([first, second, third]);
    expect(await statuses()).toEqual(['ended', 'ended', 'ended']);
  });

  it('ends nothing of anybody else, of another identity provider, or of another spelling', async () => {
    const others = [
      { name: nameId({ value: 'WAYF-DK-eve' }), userId: asUserId('eve') },
      { name: nameId({ value: 'wayf-dk-ADA' }) },
      { name: nameId({ nameQualifier: 'https://institution.example' }) },
      { identityProvider: 'https://another.example' },
    ];
    for (const [index, other] of others.entries()) await node.logIn({ id: asSessionId(`other-${index}`), ...other });
    await node.logIn();
    expect(await node.logOut([])).toEqual([first]);
    for (const index of others.keys()) expect(await node.statusOf(asSessionId(`other-${index}`))).toBe('open');
  });

  it('means the same person whether it says of whom their name is, or not (SAML core §2.2.2)', async () => {
    await node.logIn({ name: nameId({ nameQualifier: WAYF }) });
    expect(await node.logOut()).toEqual([first]);
  });

  it('said twice ends nothing twice', async () => {
    await node.logIn();
    expect(await node.logOut()).toEqual([first]);
    expect(await node.logOut()).toEqual([]);
    const events = [];
    for await (const { type } of log.readStream(sessionStream(first), 0)) events.push(type);
    expect(events).toEqual(['SessionOpened', 'SessionEnded']);
  });

  it('of somebody who is not logged in ends nothing', async () => expect(await node.logOut()).toEqual([]));

  it('refuses the login that it overtakes, and none that begins after it', async () => {
    await node.logOut(['one'], nameId(), WAYF, new Date('2030-01-01T11:59:00.000Z'));
    await expect(node.logIn({ begunAt: new Date('2030-01-01T11:58:00.000Z') })).rejects.toThrow(SamlRefused);
    expect(await node.statusOf(first)).toBe('none');
    await node.logIn({ begunAt: NOON });
    expect(await node.statusOf(first)).toBe('open');
  });

  it('that a process begins and does not finish is finished by the next one', async () => {
    await node.logIn();
    const dying: EventStore = Object.assign(Object.create(log) as EventStore, {
      append: async (...what: Parameters<EventStore['append']>) => {
        if (what[0] === sessionStream(first)) throw new Error('the process died');
        return log.append(...what);
      },
    });
    await expect(new Node(dying, codec).logOut()).rejects.toThrow('the process died');
    expect(await node.statusOf(first)).toBe('open');
    expect(await node.logOut()).toEqual([first]);
    expect(await node.statusOf(first)).toBe('ended');
  });

  it('and a login race: however their steps meet, no session is left (SEC-117)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.constantFrom(['one'], []), async (scheduler, indexes) => {
        const store = new MemoryEventStore();
        const inSomeOrder = (): EventStore =>
          Object.assign(Object.create(store) as EventStore, {
            append: scheduler.scheduleFunction((...what: Parameters<EventStore['append']>) => store.append(...what)),
            async *readStream(...what: Parameters<EventStore['readStream']>) {
              await scheduler.schedule(Promise.resolve());
              yield* store.readStream(...what);
            },
          });
        const [here, there] = [new Node(inSomeOrder(), codec), new Node(inSomeOrder(), codec)];
        const [login, logout] = await scheduler.waitFor(Promise.allSettled([here.logIn(), there.logOut(indexes)]));
        expect(logout.status).toBe('fulfilled');
        expect(await new Node(store, codec).statusOf(first)).not.toBe('open');
        if (login.status === 'rejected') expect(login.reason).toBeInstanceOf(SamlRefused);
      }),
      { numRuns: 80, seed: 11 },
    );
  });
});

describe('whom a logout of ours is about', () => {
  const subject = () => logoutSubjectOf({ store: log, codec }, first);

  it('is what the identity provider called them when they logged in, and no state keeps it', async () => {
    await node.logIn();
    expect(await subject()).toEqual({ identityProvider: WAYF, nameId: nameId() });
    const { state } = await node.repository.load(session, sessionStream(first));
    expect(JSON.stringify(state)).not.toContain('WAYF-DK');
  });

  it('is nobody where they logged in here, or not at all', async () => expect(await subject()).toBeNull());

  it('is in the log sealed, and nobody once they were erased (SEC-159)', async () => {
    const eve = asUserId('eve');
    await node.logIn({ userId: eve });
    for (const stream of [sessionStream(first)])
      for await (const { data } of log.readStream(stream, 0)) expect(JSON.stringify(data)).not.toContain('WAYF-DK');
    keys.destroy(eve);
    expect(await subject()).toBeNull();
  });
});
