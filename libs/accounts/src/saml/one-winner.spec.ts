import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { SamlAnswer } from '#domain/saml/saml-request.js';
import { EventCodec } from '#event-store/codec.js';
import { parseConnectionString } from '#event-store/eventstoredb/connection-string.js';
import { EventStoreDbEventStore } from '#event-store/eventstoredb/eventstoredb-event-store.js';
import { StandInServer } from '#event-store/eventstoredb/testing/stand-in-server.js';
import type { EventStore } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository, type RepositoryOptions } from '#event-store/repository.js';
import { SqliteEventStore } from '#event-store/sqlite/sqlite-event-store.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { AcceptedMessages } from './accepted-messages.js';
import { SamlRequests } from './saml-requests.js';

/** One process of several that write the same log. */
class Node {
  readonly requests: SamlRequests;
  readonly messages: AcceptedMessages;
  private readonly repository: Repository;

  constructor(
    readonly store: EventStore,
    options: RepositoryOptions = {},
  ) {
    const codec = new EventCodec(new MemoryKeys());
    this.repository = new Repository(store, codec, { backOff: async () => {}, ...options });
    this.requests = new SamlRequests(this.repository);
    this.messages = new AcceptedMessages(this.repository, new IdentifierDigest(Buffer.alloc(32, 1)));
  }

  async stop(): Promise<void> {
    this.repository.close();
    await this.store.close();
  }
}

interface Place {
  readonly nodes: readonly Node[];
  remove(): Promise<void>;
}

const PLACES: readonly (readonly [string, () => Promise<Place>])[] = [
  [
    'one file',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'authlog-'));
      const open = () => new Node(new SqliteEventStore(join(folder, 'events.db')));
      return { nodes: [open(), open()], remove: () => rm(folder, { recursive: true }) };
    },
  ],
  [
    'EventStoreDB',
    async () => {
      const server = await StandInServer.start();
      const connection = parseConnectionString(server.connectionString);
      const watch = { trustMs: 5_000, askMs: 5 };
      const open = () => new Node(new EventStoreDbEventStore(connection), { watch });
      return { nodes: [open(), open()], remove: () => server.stop() };
    },
  ],
];

const id = `_${'0123456789'.repeat(4)}`;
const rightAnswer: SamlAnswer = {
  requestId: id,
  kind: 'login',
  identityProvider: 'wayf',
  browserHash: 'this browser',
  now: someContext().now,
};
const issue = (node: Node) =>
  node.requests.issue(
    id,
    { kind: 'login', identityProvider: 'wayf', service: 'web', forceAuthn: false },
    'this browser',
    someContext(),
  );
const answer = (node: Node, more: Partial<SamlAnswer> = {}, context = someContext()) =>
  node.requests.answer({ ...rightAnswer, ...more }, context);
const message = {
  issuer: 'https://wayf.example',
  id: '_assertion',
  acceptableUntil: new Date('2030-01-01T00:05:00.000Z'),
};
const repeated = someContext({ fingerprint: 'the same request again' });

/** What became of each: `done`, or the fault. */
async function outcomesOf(attempts: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(attempts);
  return settled.map((each) => {
    if (each.status === 'fulfilled') return 'done';
    if (each.reason instanceof SamlRefused) return each.reason.fault;
    throw each.reason;
  });
}
const twelve = (nodes: readonly Node[], attempt: (node: Node) => Promise<unknown>) =>
  outcomesOf(Array.from({ length: 6 }, () => nodes.map(attempt)).flat());

describe.each(PLACES)('two nodes on %s', (_, open) => {
  let place: Place;
  beforeEach(async () => {
    place = await open();
  });
  afterEach(async () => {
    await Promise.all(place.nodes.map((node) => node.stop()));
    await place.remove();
  });

  it('accept one of twelve answers that come at once (SEC-111)', async () => {
    const [here] = place.nodes as [Node];
    await issue(here);
    const outcomes = await twelve(place.nodes, (node) => answer(node));
    expect(outcomes.toSorted()).toEqual(['done', ...Array<string>(11).fill('request-answered')]);
  });

  it('know a request at once that the other one has issued, whatever they knew before', async () => {
    const [here, there] = place.nodes as [Node, Node];
    await expect(there.requests.waitingFor(rightAnswer)).rejects.toThrow('request-unknown');
    await issue(here);
    expect(await there.requests.waitingFor(rightAnswer)).toMatchObject({ purpose: { service: 'web' } });
    await answer(there);
    await expect(answer(here)).rejects.toThrow('request-answered');
  });

  it('accept one of twelve copies of a message (SEC-112)', async () => {
    const outcomes = await twelve(place.nodes, (node) => node.messages.accept(message, someContext()));
    expect(outcomes.toSorted()).toEqual([...Array<string>(11).fill('assertion-replayed'), 'done']);
  });
});

describe('a request that is sent again word for word, with its idempotency key', () => {
  it('is not taken for the first one: what it brings was accepted before (SEC-112)', async () => {
    const node = new Node(new MemoryEventStore());
    await issue(node);
    await answer(node, {}, repeated);
    await expect(answer(node, {}, repeated)).rejects.toThrow('request-answered');
    await node.messages.accept(message, repeated);
    await expect(node.messages.accept(message, repeated)).rejects.toThrow('assertion-replayed');
  });
});

describe('messages', () => {
  it('are told apart by who calls them so, and letter by letter', async () => {
    const { messages } = new Node(new MemoryEventStore());
    await messages.accept(message, someContext());
    await messages.accept({ ...message, issuer: 'https://another.example' }, someContext());
    await messages.accept({ ...message, id: '_Assertion' }, someContext());
    await expect(messages.accept(message, someContext())).rejects.toThrow('assertion-replayed');
  });
});

describe('answers to a request, right and wrong ones', () => {
  const wrong: readonly Partial<SamlAnswer>[] = [
    { browserHash: null },
    { browserHash: 'another browser' },
    { identityProvider: 'another' },
    { kind: 'logout' },
    { requestId: `_${'f'.repeat(40)}` },
    { requestId: '../../user-ada' },
    { now: new Date('2030-01-01T00:10:00.000Z') },
  ];

  it('in any order, on any node: the wrong ones spoil nothing, and one right one is accepted', async () => {
    const attempt = fc.record({ isHere: fc.boolean(), more: fc.constantFrom({}, ...wrong) });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 12 }), async (attempts) => {
        const log = new MemoryEventStore();
        const [here, there] = [new Node(log), new Node(log)];
        await issue(here);
        const outcomes = await outcomesOf(attempts.map(({ isHere, more }) => answer(isHere ? here : there, more)));
        const isRight = (index: number) => Object.keys(attempts[index]?.more ?? {}).length === 0;
        const accepted = outcomes.flatMap((outcome, index) => (outcome === 'done' ? [index] : []));
        expect(accepted.every(isRight)).toBe(true);
        expect(accepted).toHaveLength(attempts.some((_, index) => isRight(index)) ? 1 : 0);
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
