import { randomUUID } from 'node:crypto';
import { type DatabaseKind, type TestPlace, newPlace } from '#database/testing/test-place.js';
import { type CredentialId, type StreamName, asCredentialId } from '#domain/ids.js';
import { SEALING_HEADS, type SealingPublicKey, sealing, signingKeyOf } from '#domain/sealing/sealing.js';
import { EventCodec } from '#event-store/codec.js';
import { type EventStore, type NewEvent, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { systemContext } from '#event-store/envelope.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { followLog } from '../leaf-follower.js';
import { LeafStore } from '../leaf-store.js';
import { SealedLog } from '../sealed-log.js';
import { headHash, keyIdOf, privateKeyFrom, signHead } from '../signed-head.js';
import { type PrivateKeys, Sealer } from '../sealer.js';

/** Private keys in memory. */
export class MemoryPrivateKeys implements PrivateKeys {
  readonly secrets = new Map<CredentialId, string>();

  async keep(_kind: 'sealing-key', _owner: string, secret: string): Promise<CredentialId> {
    const id = asCredentialId(randomUUID());
    this.secrets.set(id, secret);
    return id;
  }

  reveal = async (id: CredentialId) => this.secrets.get(id) ?? null;

  async erase(id: CredentialId): Promise<void> {
    this.secrets.delete(id);
  }
}

export const NOW = new Date('2030-06-01T00:00:00.000Z');

export const someEvent = (n: number): NewEvent => ({
  id: randomUUID(),
  type: 'SomethingHappened',
  data: { n, name: { sealed: 'A256GCM', key: 'k', iv: 'iv', text: `sealed ${n}`, tag: 'tag' } },
  metadata: { schema: '1', occurredAt: '2030-01-01T00:00:00.000Z', actor: 'tests' },
});

/** A log, its leaves, and who seals it. */
export class SealingFixture {
  readonly keys = new MemoryPrivateKeys();
  readonly repository: Repository;
  readonly sealer: Sealer;
  readonly sealed: SealedLog;
  private appended = 0;

  private constructor(
    private readonly place: TestPlace,
    readonly leaves: LeafStore,
    readonly store: EventStore,
  ) {
    this.repository = new Repository(store, new EventCodec(new MemoryKeys()));
    this.sealer = this.newSealer();
    this.sealed = new SealedLog(store, this.repository, leaves);
  }

  /** @param recordedAt of every event */
  static async open(kind: DatabaseKind = 'SQLite', recordedAt = NOW): Promise<SealingFixture> {
    const place = await newPlace(kind, 'authlog_leaves');
    const leaves = await LeafStore.open(place.place);
    return new SealingFixture(place, leaves, new MemoryEventStore(() => recordedAt));
  }

  async close(): Promise<void> {
    await this.leaves.close();
    await this.place.remove();
  }

  newSealer = (now = NOW, leaves = this.leaves, repository = this.repository) =>
    new Sealer({ repository, leaves, keys: this.keys, now: () => now });

  /** A log that begins with what somebody has made of this one, and goes on. */
  async continued(events: readonly RecordedEvent[]) {
    const store = new MemoryEventStore(() => NOW);
    for (const { stream, revision, ...event } of events)
      await store.append(stream as StreamName, revision === 0 ? 'no-stream' : revision - 1, [event]);
    return { store, repository: new Repository(store, new EventCodec(new MemoryKeys())) };
  }

  /** Appends events, each in a stream of its own. */
  async append(count: number, category = 'thing'): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      this.appended += 1;
      const stream: StreamName = `${category}-${this.appended}`;
      await this.store.append(stream, 'no-stream', [someEvent(this.appended)]);
    }
  }

  /** Makes leaves of everything in the log. @returns how many there are then */
  async follow(leaves = this.leaves, store = this.store): Promise<number> {
    const head = await store.head();
    const ended = new AbortController();
    const parts = { store, leaves, now: () => NOW, gatherMs: 0 };
    const advanced = ({ position }: { readonly position: typeof head }) => {
      if (hasReached(position, head)) ended.abort();
    };
    await followLog({ ...parts, advanced }, ended.signal);
    return (await leaves.end()).size;
  }

  /** The same, and signs them. */
  async seal() {
    return this.sealer.seal(await this.follow());
  }

  /** Signs a head that announces a key whose private part it does not have. */
  async announce(publicKey: SealingPublicKey): Promise<void> {
    const { state } = await this.repository.load(sealing, SEALING_HEADS);
    if (state.status === 'none' || state.last === null) throw new Error('nothing is sealed yet');
    const { number, size, rootHash, position, at, hash } = state.last;
    const { keyId, credentialId } = signingKeyOf(state);
    const tree = { size, rootHash, position, at, previousHead: hash, keyId, nextKey: publicKey };
    const signed = signHead(
      { number: number + 1, log: state.log, ...tree },
      privateKeyFrom(this.keys.secrets.get(credentialId) ?? ''),
    );
    const nextKey = { keyId: keyIdOf(publicKey), credentialId };
    const command = { type: 'SealLog', signed, headHash: headHash(signed.head), nextKey } as const;
    await this.repository.execute(sealing, SEALING_HEADS, command, systemContext(NOW));
  }

  /** Another leaf store, empty, in the same kind of place. */
  static async otherLeaves(kind: DatabaseKind = 'SQLite') {
    const place = await newPlace(kind, 'authlog_leaves');
    const leaves = await LeafStore.open(place.place);
    return {
      leaves,
      place,
      async close() {
        await leaves.close();
        await place.remove();
      },
    };
  }

  /** A statement on the leaves, past the program. */
  query = <Row>(statement: string) => this.place.query<Row>(statement);
}
