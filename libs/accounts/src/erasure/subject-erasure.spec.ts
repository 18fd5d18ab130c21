import { beforeEach, describe, expect, it } from 'vitest';
import { asCredentialId, asSessionId, asUserId, sessionStream, userStream } from '#domain/ids.js';
import { adaAsserted, adaAtWayf } from '#domain/testing/federation.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { session } from '#domain/session/session.js';
import { EventCodec } from '#event-store/codec.js';
import type { CommandContext } from '#event-store/envelope.js';
import { LOG_START, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { someContext } from '#event-store/testing/context.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { AccountRegistration } from '../account-registration.js';
import { FederatedAccounts } from '../federated-accounts.js';
import { type Identifier, IdentifierReservations } from '../identifier-reservations.js';
import { NotYetErased, type PersonalTraces } from './personal-traces.js';
import { type ErasureParts, SubjectErasure } from './subject-erasure.js';

const now = new Date('2030-01-01T00:00:00.000Z');
const administrator = asUserId('the administrator');
const erase = { type: 'EraseUser', by: administrator, ground: 'consent-withdrawn', ticket: 'PRIVACY-42' } as const;
const context = (): CommandContext => someContext({ now });
const identifiersOf = (name: string): Identifier[] => [
  { kind: 'name', value: name },
  { kind: 'email', value: `${name}@example.org` },
];

/** A process that dies before its n-th step, and each time after it, until it is started anew. */
class Death {
  private steps = 0;
  constructor(private readonly at: number) {}

  get wasAvoided(): boolean {
    return this.steps < this.at;
  }

  async before<Result>(step: () => Promise<Result>): Promise<Result> {
    this.steps += 1;
    if (this.steps >= this.at) throw new Error('the process died');
    return step();
  }
}

const NEVER = new Death(Infinity);
const DIGEST = new IdentifierDigest(Buffer.alloc(32, 1));

/** A log, a vault and traces in memory; each process has its own view of them. */
class World {
  readonly store = new MemoryEventStore();
  readonly keys = new MemoryKeys();
  readonly codec = new EventCodec(this.keys);
  secrets = 2;
  mails = 3;
  areReadModelsBehind = false;
  readonly traced = new Set<string>();

  process(death = NEVER) {
    const { store, codec } = this;
    const dying = new Proxy(store, {
      get: (target, name: keyof MemoryEventStore) =>
        name === 'append'
          ? (...what: Parameters<MemoryEventStore['append']>) => death.before(() => target.append(...what))
          : (target[name] as () => unknown).bind(target),
    });
    const repository = new Repository(dying, codec, { backOff: async () => {} });
    const reservations = new IdentifierReservations(repository, DIGEST);
    const vault: ErasureParts['vault'] = {
      countOf: async () => this.secrets,
      eraseSubject: (subject) =>
        death.before(async () => {
          this.keys.destroy(subject);
          this.secrets = 0;
        }),
    };
    const traces: PersonalTraces = {
      countMails: async () => this.mails,
      removeMails: () => death.before(async () => void (this.mails = 0)),
      clearReadModels: () =>
        death.before(async () => {
          if (this.areReadModelsBehind) throw new NotYetErased('users');
          return ['users', 'sessions'];
        }),
      streamsOf: async () => [sessionStream(asSessionId('s1')), sessionStream(asSessionId('s2'))],
    };
    const erasure = new SubjectErasure({ store: dying, codec, repository, vault, reservations, traces });
    return { repository, reservations, erasure };
  }

  async register(name: string): Promise<ActiveUser> {
    const { repository, reservations } = this.process();
    const names = { username: name, email: `${name}@example.org`, firstNames: name, lastName: name };
    const profile = { role: 'USER', organizationId: null, registeredBy: 'service', ...names } as const;
    const create = { type: 'CreateUser', credentialId: asCredentialId('c1'), ...profile } as const;
    const applicant = {
      identifiers: identifiersOf(name),
      draft: { ...create, id: asUserId('nobody yet') },
      prepare: async (id: ActiveUser['id']) => ({ ...create, id }),
    };
    const [account] = await new AccountRegistration(repository, reservations).register([applicant], context());
    if (account === undefined) throw new Error('nobody was made');
    return account;
  }

  async logIn(owner: ActiveUser, id: string): Promise<void> {
    const trace = { ipAddress: '192.0.2.7', userAgent: 'Mozilla/5.0' };
    const command = { type: 'Provision', createdBy: null, secretHash: 'h', scopes: [], ...trace } as const;
    const { repository } = this.process();
    await repository.execute(session, sessionStream(asSessionId(id)), { ...command, owner, now }, context());
  }

  async events(): Promise<RecordedEvent[]> {
    const stop = new AbortController();
    const recorded: RecordedEvent[] = [];
    const head = await this.store.head();
    for await (const { events, through } of this.store.subscribeAll({ after: LOG_START, signal: stop.signal })) {
      recorded.push(...events);
      if (hasReached(through, head)) stop.abort();
    }
    return recorded;
  }
}

let world: World;
let ada: ActiveUser;
beforeEach(async () => {
  world = new World();
  ada = await world.register('ada');
  await world.logIn(ada, 's1');
  await world.logIn(ada, 's2');
});

const report = {
  status: 'erased',
  ground: 'consent-withdrawn',
  ticket: 'PRIVACY-42',
  inventory: { identifiers: 2, credentials: 2, mails: 3 },
  outcome: { sessionsEnded: 2, sealedEvents: 3, readModels: ['users', 'sessions'], completedAt: now },
};

describe('erasing somebody', () => {
  it('destroys what there is of them, and says what that was (SEC-159)', async () => {
    const { erasure, reservations } = world.process();
    await erasure.begin(ada.id, erase, context());
    expect(await erasure.complete(ada.id, context)).toMatchObject(report);
    expect([world.secrets, world.mails]).toEqual([0, 0]);
    for (const identifier of identifiersOf('ada')) expect(await reservations.holderOf(identifier)).toBeNull();
    await expect(world.keys.keyOf(ada.id)).rejects.toMatchObject({ code: 'user-erased' });
  });

  it('is reported the same when it is asked for again, and appends nothing', async () => {
    const { erasure } = world.process();
    await erasure.begin(ada.id, erase, context());
    const first = await erasure.complete(ada.id, context);
    const { length } = await world.events();
    const another = world.process();
    await another.erasure.begin(ada.id, { ...erase, ground: 'objection' }, context());
    expect(await another.erasure.complete(ada.id, context)).toEqual(first);
    expect(await world.events()).toHaveLength(length);
  });

  it('is done again to a vault that was restored from a back-up', async () => {
    const { erasure } = world.process();
    await erasure.begin(ada.id, erase, context());
    await erasure.complete(ada.id, context);
    const { length } = await world.events();
    world.secrets = 2;
    await world.process().erasure.complete(ada.id, context);
    expect([world.secrets, (await world.events()).length]).toEqual([0, length]);
  });

  it('is completed after the death of a process at whatever step, with the same report', async () => {
    let deaths = 0;
    for (let step = 1; ; step += 1) {
      world = new World();
      ada = await world.register('ada');
      await world.logIn(ada, 's1');
      await world.logIn(ada, 's2');
      const death = new Death(step);
      const { erasure } = world.process(death);
      const run = async () => {
        await erasure.begin(ada.id, erase, context());
        await erasure.complete(ada.id, context);
      };
      await run().catch((error: Error) => expect(error.message).toBe('the process died'));
      if (!death.wasAvoided) deaths += 1;
      const { erasure: again } = world.process();
      await again.begin(ada.id, erase, context());
      expect(await again.complete(ada.id, context)).toMatchObject(report);
      const types = (await world.events()).map(({ type }) => type);
      for (const once of ['UserErased', 'ErasureInventoryTaken', 'UserErasureCompleted'])
        expect(types.filter((type) => type === once)).toHaveLength(1);
      if (death.wasAvoided) break;
    }
    // The decision, the inventory, two reservations, the vault, the mails, the read models, the report.
    expect(deaths).toBe(8);
  });

  it('goes as far as it can while the read models are behind, and says nothing that is not so', async () => {
    const { erasure } = world.process();
    await erasure.begin(ada.id, erase, context());
    world.areReadModelsBehind = true;
    await expect(erasure.complete(ada.id, context)).rejects.toBeInstanceOf(NotYetErased);
    expect([world.secrets, world.mails]).toEqual([0, 0]);
    expect(await erasure.report(ada.id)).toMatchObject({ status: 'erased', outcome: null });
    world.areReadModelsBehind = false;
    expect(await erasure.complete(ada.id, context)).toMatchObject(report);
  });

  it('is of those who asked for it, and of nobody else', async () => {
    const eve = await world.register('eve');
    const { erasure, repository, reservations } = world.process();
    await erasure.begin(ada.id, erase, context());
    await erasure.complete(ada.id, context);
    expect((await repository.load(user, userStream(eve.id))).state).toEqual(eve);
    for (const identifier of identifiersOf('eve')) expect(await reservations.holderOf(identifier)).toBe(eve.id);
    await expect(erasure.complete(eve.id, context)).rejects.toMatchObject({ code: 'erasure-unknown' });
  });

  it('leaves the name to whoever wants it, also before it has come that far', async () => {
    await world.process().erasure.begin(ada.id, erase, context());
    const another = await world.register('ada');
    expect(another.id).not.toBe(ada.id);
    const { erasure, reservations } = world.process();
    await erasure.complete(ada.id, context);
    for (const identifier of identifiersOf('ada')) expect(await reservations.holderOf(identifier)).toBe(another.id);
  });

  it('leaves nothing of who somebody was to an identity provider, nor of what it said of them', async () => {
    const { repository, reservations, erasure } = world.process();
    const federated = new FederatedAccounts(repository, reservations, DIGEST);
    const countess = await federated.signIn(adaAtWayf, adaAsserted, context());
    await erasure.begin(countess.id, { ...erase, by: countess.id }, context());
    expect((await erasure.complete(countess.id, context)).inventory).toMatchObject({ identifiers: 2 });
    const again = await federated.signIn(adaAtWayf, adaAsserted, context());
    expect(again.id).not.toBe(countess.id);
    const mark = { erased: true };
    const decoded = await world.codec.decode(await world.events());
    const told = decoded.filter(({ stream }) => stream === userStream(countess.id)).map(({ event }) => event);
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'IdentityFederated', data: expect.objectContaining({ subject: mark }) }),
    );
    const profile = { firstNames: mark, lastName: mark, mails: mark };
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'AssertedProfileChanged', data: expect.objectContaining(profile) }),
    );
  });

  it('shows erased wherever something of them was when the log is read again (SEC-159)', async () => {
    const { erasure } = world.process();
    await erasure.begin(ada.id, erase, context());
    await erasure.complete(ada.id, context);
    const decoded = await world.codec.decode(await world.events());
    const created = decoded.find(({ event, stream }) => event.type === 'UserCreated' && stream === userStream(ada.id));
    const mark = { erased: true };
    expect(created?.event.data).toMatchObject({ username: mark, email: mark, firstNames: mark, lastName: mark });
    const opened = decoded.filter(({ event }) => event.type === 'SessionOpened');
    for (const { event } of opened) expect(event.data).toMatchObject({ ipAddress: mark, userAgent: mark });
    expect(JSON.stringify(await world.events())).not.toMatch(/ada@|192\.0\.2\.7|Mozilla/);
  });
});
