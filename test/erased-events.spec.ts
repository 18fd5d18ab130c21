import { describe, expect, it } from 'vitest';
import type { DomainEvent, Fold } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import { secondFactor } from '#domain/second-factor/second-factor.js';
import { session } from '#domain/session/session.js';
import { user } from '#domain/user/user.js';
import { type DecodedEvent, EventCodec } from '#event-store/codec.js';
import type { Position } from '#event-store/event-store.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import type { ProjectedEvent } from '#read-models/projection.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { eventSamples } from './support/event-samples.js';

const STREAM: StreamName = 'user-01890000-0000-7000-8000-00000000000a';
const PLACE = { stream: STREAM, revision: 0, position: '1' as Position, recordedAt: new Date('2030-01-01') };

/** As it stands in the log once everybody was erased. */
async function erased(event: DomainEvent): Promise<DecodedEvent> {
  const codec = new EventCodec(new MemoryKeys());
  const stored = await codec.encode(event, 'an id', STREAM, someContext());
  const [decoded] = await new EventCodec(new MemoryKeys()).decode([{ ...stored, ...PLACE }]);
  if (decoded === undefined) throw new Error('nothing was decoded');
  return decoded;
}

type AnyFold = Fold<unknown, DomainEvent> & { readonly events: object };
/** What is folded from events that hold something personal, and how its streams begin. */
const FOLDS = [
  [user, 'UserCreated'],
  [session, 'SessionOpened'],
  [secondFactor, 'SecondFactorEnrolled'],
] as const;

const samples = Object.entries(eventSamples).flatMap(([type, datas]) =>
  datas.map((data, variant): [string, DomainEvent] => [`${type} ${variant}`, { type, data }]),
);

describe('an event about somebody who was erased', () => {
  it.each(samples)('%s breaks no fold and no projection (SEC-159)', async (_, event) => {
    const decoded = await erased(event);
    expect(JSON.stringify(decoded)).not.toContain('A256GCM');
    for (const [fold, beginning] of FOLDS as unknown as readonly [AnyFold, keyof typeof eventSamples][]) {
      if (!(event.type in fold.events)) continue;
      for (const data of eventSamples[beginning]) {
        const begun = await erased({ type: beginning, data });
        const state = [begun, decoded].reduce<unknown>(
          (before, { event: next, occurredAt }) => fold.evolve(before, next, occurredAt),
          fold.initial,
        );
        expect(state).toMatchObject({});
      }
    }
    for (const projection of PROJECTIONS.filter(({ types }) => types.some((type) => type === event.type)))
      expect(projection.project(decoded as ProjectedEvent)).toBeInstanceOf(Array);
  });
});
