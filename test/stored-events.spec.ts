import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { authlogEvents } from '#domain/events.js';
import type { DomainEvent } from '#domain/decider.js';
import { EventCodec } from '#event-store/codec.js';
import type { NewEvent, Position } from '#event-store/event-store.js';
import { DataKey } from '#vault/data-key.js';
import { eventSamples } from './support/event-samples.js';

// Events are stored for ever: what was written once must be readable by every later version. Each line of the golden file
// is an event as it stood in a log. Lines are only ever added: `UPDATE_GOLDEN=1 npm test -- stored-events` adds those of
// new samples, never changes one, and fails if a shape was changed without a new schema version.
const GOLDEN = new URL('golden/events.jsonl', import.meta.url);

interface GoldenEvent extends NewEvent {
  readonly stream: `${string}-${string}`;
}

const key = new DataKey('00000000-0000-4000-8000-0000000000e1', Buffer.alloc(32, 7));
const codec = new EventCodec({
  keyOf: () => Promise.resolve(key),
  find: (ids) => Promise.resolve(new Map([...ids].map((id) => [id, id === key.id ? key : null]))),
});
const context = {
  commandId: '00000000-0000-4000-8000-0000000000f1',
  correlationId: '00000000-0000-4000-8000-0000000000f2',
  actor: '01890000-0000-7000-8000-00000000000a',
  actorKind: 'user',
  now: new Date('2030-01-01T00:00:00.000Z'),
} as const;

const schemas: Readonly<Record<string, { readonly schema: number }>> = authlogEvents;
const samples = Object.entries(eventSamples).flatMap(([type, datas]) =>
  datas.map((data, variant) => ({
    sample: `${type} ${variant}`,
    id: `${type} ${variant} schema ${schemas[type]?.schema}`,
    event: { type, data } as DomainEvent,
  })),
);
const STREAM = 'golden-1';

const golden = () =>
  new Map(
    readFileSync(GOLDEN, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as GoldenEvent)
      .map((event) => [event.id, event]),
  );

const withoutCiphertext = ({ data, metadata }: NewEvent) => ({
  schema: metadata['schema'],
  data: JSON.parse(JSON.stringify(data), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'sealed' in value ? 'sealed' : value,
  ) as unknown,
});

if (process.env['UPDATE_GOLDEN'] === '1') {
  const known = golden();
  for (const { id, event } of samples)
    if (!known.has(id)) known.set(id, { ...(await codec.encode(event, id, STREAM, context)), stream: STREAM });
  writeFileSync(GOLDEN, [...known.values()].map((event) => `${JSON.stringify(event)}\n`).join(''));
}

describe('events that were stored once', () => {
  it.each([...golden().values()])('are read as what they say: $id', async (stored) => {
    const place = { revision: 0, position: '1' as Position, recordedAt: context.now };
    const [decoded] = await codec.decode([{ ...stored, ...place }]);
    expect(decoded?.event).toEqual(samples.find(({ sample }) => stored.id.startsWith(`${sample} `))?.event);
  });

  it.each(samples)('are written in the same shape today: $id', async ({ id, event }) => {
    const stored = golden().get(id);
    const written = await codec.encode(event, id, STREAM, context);
    expect(stored && withoutCiphertext(stored)).toEqual(withoutCiphertext(written));
  });

  it('are of every type and of every schema version that ever was', () => {
    const seen = new Set([...golden().values()].map(({ type, metadata }) => `${type} ${metadata['schema']}`));
    const versions = Object.entries(authlogEvents).flatMap(([type, { schema }]) =>
      Array.from({ length: schema }, (_, before) => `${type} ${before + 1}`),
    );
    expect([...seen].toSorted()).toEqual(versions.toSorted());
  });
});
