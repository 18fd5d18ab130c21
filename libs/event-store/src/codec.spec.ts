import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '#domain/decider.js';
import { asCredentialId, asUserId } from '#domain/ids.js';
import { erased } from '#domain/personal.js';
import type { UserEvent } from '#domain/user/user-events.js';
import { EventCodec, EventNotUnderstood } from './codec.js';
import type { NewEvent, Position, RecordedEvent } from './event-store.js';
import { someContext } from './testing/context.js';
import { MemoryKeys } from './testing/memory-keys.js';

const ada = asUserId('0198-ada');
const created: UserEvent = {
  type: 'UserCreated',
  data: {
    userId: ada,
    kind: 'password',
    role: 'USER',
    username: 'Ada Lovelace',
    email: 'ada@example.org',
    firstNames: 'Ada',
    lastName: null,
    organizationId: null,
    credentialId: asCredentialId('c1'),
    registeredBy: 'service',
  },
};
const context = someContext({ actor: 'root', actorKind: 'admin', sessionId: 's1' });

const recorded = (event: NewEvent, more: Partial<RecordedEvent> = {}): RecordedEvent => ({
  ...event,
  stream: `user-${ada}`,
  revision: 0,
  position: '1' as Position,
  recordedAt: new Date('2030-01-01T00:00:01.000Z'),
  ...more,
});

describe('storing an event', () => {
  it('says who did it, when and why, in flat strings (design §2)', async () => {
    const { metadata } = await new EventCodec(new MemoryKeys()).encode(created, 'e1', `user-${ada}`, context);
    expect(metadata).toEqual({
      schema: '2',
      occurredAt: '2030-01-01T00:00:00.000Z',
      commandId: context.commandId,
      causationId: context.commandId,
      correlationId: 'c0ffee',
      actor: 'root',
      actorKind: 'admin',
      sessionId: 's1',
    });
  });

  it('seals what is personal and nothing else (SEC-159)', async () => {
    const { data } = await new EventCodec(new MemoryKeys()).encode(created, 'e1', `user-${ada}`, context);
    expect(data).toMatchObject({ userId: ada, role: 'USER', lastName: null, credentialId: 'c1' });
    expect(data['email']).toMatchObject({ sealed: 'A256GCM', key: ada });
    expect(JSON.stringify(data)).not.toMatch(/Lovelace|example\.org|"Ada"/);
  });

  it('seals the same text differently each time (SEC-148)', async () => {
    const codec = new EventCodec(new MemoryKeys());
    const [one, two] = await Promise.all([1, 2].map(() => codec.encode(created, 'e1', `user-${ada}`, context)));
    expect(one?.data['email']).not.toEqual(two?.data['email']);
  });

  it('refuses a type that is not in the catalogue', async () => {
    const stray: DomainEvent = { type: 'constructor', data: {} };
    await expect(new EventCodec(new MemoryKeys()).encode(stray, 'e1', `user-${ada}`, context)).rejects.toThrow(
      EventNotUnderstood,
    );
  });
});

describe('reading an event', () => {
  it('gives back what was stored', async () => {
    const codec = new EventCodec(new MemoryKeys());
    const stored = await codec.encode(created, 'e1', `user-${ada}`, context);
    const [decoded] = await codec.decode([recorded(stored)]);
    expect(decoded).toMatchObject({ event: created, id: 'e1', revision: 0, occurredAt: context.now });
  });

  it('marks what was erased, and gives the rest (SEC-159)', async () => {
    const keys = new MemoryKeys();
    const codec = new EventCodec(keys);
    const stored = await codec.encode(created, 'e1', `user-${ada}`, context);
    keys.destroy(ada);
    const [decoded] = await codec.decode([recorded(stored)]);
    expect(decoded?.event.data).toEqual({
      ...created.data,
      username: erased,
      email: erased,
      firstNames: erased,
    });
  });

  it('refuses sealed data that was moved to another event or changed (SEC-148)', async () => {
    const codec = new EventCodec(new MemoryKeys());
    const stored = await codec.encode(created, 'e1', `user-${ada}`, context);
    await expect(codec.decode([recorded({ ...stored, id: 'e2' })])).rejects.toThrow(/authenticate/);
    const swapped = { ...stored, data: { ...stored.data, email: stored.data['username'] } };
    await expect(codec.decode([recorded(swapped)])).rejects.toThrow(/authenticate/);
  });

  it('refuses what a newer version wrote', async () => {
    const codec = new EventCodec(new MemoryKeys());
    const stored = await codec.encode(created, 'e1', `user-${ada}`, context);
    const newer = { ...stored, metadata: { ...stored.metadata, schema: '3' } };
    await expect(codec.decode([recorded(newer)])).rejects.toThrow('UserCreated has schema 3, this version knows 2.');
    await expect(codec.decode([recorded({ ...stored, type: 'UserTeleported' })])).rejects.toThrow(EventNotUnderstood);
  });

  it('brings old schemas up to today, one step at a time', async () => {
    const codec = new EventCodec(new MemoryKeys(), {
      Greeted: {
        schema: 3,
        upcasters: {
          1: ({ name, ...rest }) => ({ ...rest, whom: name }),
          2: (data) => ({ ...data, politely: false }),
        },
      },
    });
    const old = (schema: number, data: NewEvent['data']) =>
      recorded({
        id: 'e1',
        type: 'Greeted',
        data,
        metadata: { schema: String(schema), occurredAt: '2030-01-01T00:00:00.000Z' },
      });
    const decoded = await codec.decode([
      old(1, { name: 'Ada' }),
      old(2, { whom: 'Ada' }),
      old(3, { whom: 'Ada', politely: true }),
    ]);
    expect(decoded.map(({ event }) => event.data)).toEqual([
      { whom: 'Ada', politely: false },
      { whom: 'Ada', politely: false },
      { whom: 'Ada', politely: true },
    ]);
    await expect(codec.decode([old(0, {})])).rejects.toThrow('no way from schema 0');
  });
});
