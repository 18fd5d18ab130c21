import { setTimeout as delay } from 'node:timers/promises';
import type { Stores } from '#host/stores.js';
import { type ParkedEventRow, parkedEvents, recordedEventOf } from '#read-models/parked-event.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson, table } from './output.js';
import { demandProjection, tell } from './projection-control.js';
import { withStores } from './with-stores.js';

/** So long a projector may take until it has tried; it hears of it at once. */
const WAIT_MS = 10_000;
const LOOK_MS = 100;

/** `authlog projections parked list` */
export const list = (json: boolean): Promise<void> =>
  withStores(async (stores) => {
    const rows = (await Promise.all(PROJECTIONS.map(({ name }) => parkedOf(stores, name)))).flat();
    if (json) sayJson(rows.map(asJson));
    else say(rows.length === 0 ? 'Nothing is parked.' : asTable(rows));
  });

/** `authlog projections parked show` @throws CannotBeDone */
export const show = (name: string, eventId: string): Promise<void> =>
  withStores(async (stores) => {
    const row = await demandParked(stores, name, eventId);
    const event = await recordedEventOf(stores.eventStore, row);
    const content = event === undefined ? null : asShape(event.data);
    sayJson({ ...asJson(row), data: content, metadata: event?.metadata ?? null });
  });

/** `authlog projections parked retry` @throws CannotBeDone */
export const retry = (name: string, eventId?: string): Promise<void> =>
  withStores(async (stores) => {
    demandProjection(name);
    const sequence = eventId === undefined ? null : (await demandParked(stores, name, eventId)).sequence;
    const failed = async () => (await parkedOf(stores, name, sequence)).filter(({ error }) => error !== null);
    const before = await failed();
    if (before.length === 0) throw new CannotBeDone(`Nothing of ${name} is parked.`);
    await tell(stores, name, { type: 'RetryParkedEvents', sequence });
    await outcome(stores, name, sequence, async () => {
      const attempts = new Map((await failed()).map((row) => [row.id, row.attempts]));
      return before.every((row) => attempts.get(row.id) !== row.attempts);
    });
  });

/** `authlog projections parked skip` @throws CannotBeDone, Refused `reason-invalid` */
export const skip = (name: string, eventId: string, reason: string): Promise<void> =>
  withStores(async (stores) => {
    const { id, sequence, error } = await demandParked(stores, name, eventId);
    if (error === null)
      throw new CannotBeDone('That event did not fail, it waits for one that did: leave out the first of its line.');
    await tell(stores, name, { type: 'SkipParkedEvent', eventId, reason });
    await outcome(stores, name, sequence, async () => (await parkedOf(stores, name)).every((row) => row.id !== id));
  });

async function parkedOf(stores: Stores, projection: string, sequence: string | null = null): Promise<ParkedEventRow[]> {
  const where = sequence === null ? { projection } : { projection, sequence };
  return parkedEvents(stores.readModels.reader.manager, where);
}

/** @throws CannotBeDone if it is not parked */
async function demandParked(stores: Stores, name: string, eventId: string): Promise<ParkedEventRow> {
  demandProjection(name);
  const row = (await parkedOf(stores, name)).find((parked) => parked.eventId === eventId);
  if (row === undefined) throw new CannotBeDone(`No event ${JSON.stringify(eventId)} of ${name} is parked.`);
  return row;
}

/** Waits for a projector to do what the log says, and says what came of it. @throws CannotBeDone if none does */
async function outcome(
  stores: Stores,
  name: string,
  sequence: string | null,
  isTried: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await isTried())) {
    if (performance.now() > deadline)
      throw new CannotBeDone(
        'It is in the log, but nobody has done it yet: a projector does it when it runs and the projection is not paused.',
      );
    await delay(LOOK_MS);
  }
  const left = await parkedOf(stores, name, sequence);
  if (left.length === 0) say('Everything was applied.');
  else throw new CannotBeDone(`${left.length} still parked:\n${asTable(left)}`);
}

/** What is personal stays sealed: of it only is shown that it is there. */
const asShape = (data: object): unknown =>
  JSON.parse(
    JSON.stringify(data, (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'sealed' in value ? '(sealed)' : value,
    ),
  );

const asJson = ({ firstAt, lastAt, id: _, ...row }: ParkedEventRow) => ({
  ...row,
  firstAt: new Date(firstAt).toISOString(),
  lastAt: new Date(lastAt).toISOString(),
});

const asTable = (rows: readonly ParkedEventRow[]): string =>
  table(
    ['projection', 'event', 'type', 'stream', 'revision', 'attempts', 'since', 'why'],
    rows.map(({ eventId, error, firstAt, ...row }) => ({
      projection: row.projection,
      event: eventId,
      type: row.type,
      stream: row.stream,
      revision: row.revision,
      attempts: row.attempts,
      since: new Date(firstAt).toISOString(),
      why: error ?? '(waits)',
    })),
  );
