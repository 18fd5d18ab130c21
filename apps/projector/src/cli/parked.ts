import type { Stores } from '#host/stores.js';
import { type ParkedEventRow, parkedEvents, recordedEventOf } from '#read-models/parked-event.js';
import type { Projection } from '#read-models/projection.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson, table } from './output.js';
import { demandProjection, tell } from './projection-control.js';
import { until } from './until.js';
import { withStores } from './with-stores.js';

/** `authlog projections parked list` */
export const list = (json: boolean): Promise<void> =>
  withStores(async (stores) => {
    const rows = (await Promise.all(PROJECTIONS.map((projection) => parkedOf(stores, projection)))).flat();
    if (json) sayJson(rows.map(asJson));
    else say(rows.length === 0 ? 'Nothing is parked.' : asTable(rows));
  });

/** `authlog projections parked show` @throws CannotBeDone */
export const show = (name: string, eventId: string): Promise<void> =>
  withStores(async (stores) => {
    const row = await demandParked(stores, demandProjection(name), eventId);
    const event = await recordedEventOf(stores.eventStore, row);
    const content = event === undefined ? null : asShape(event.data);
    sayJson({ ...asJson(row), data: content, metadata: event?.metadata ?? null });
  });

/** `authlog projections parked retry` @throws CannotBeDone */
export const retry = (name: string, eventId?: string): Promise<void> =>
  withStores(async (stores) => {
    const projection = demandProjection(name);
    const sequence = eventId === undefined ? null : (await demandParked(stores, projection, eventId)).sequence;
    const failed = async () => (await parkedOf(stores, projection, sequence)).filter(({ error }) => error !== null);
    const before = await failed();
    if (before.length === 0) throw new CannotBeDone(`Nothing of ${name} is parked.`);
    await tell(stores, projection, { type: 'RetryParkedEvents', sequence });
    await outcome(stores, projection, sequence, async () => {
      const attempts = new Map((await failed()).map((row) => [row.eventId, row.attempts]));
      return before.every((row) => attempts.get(row.eventId) !== row.attempts);
    });
  });

/** `authlog projections parked skip` @throws CannotBeDone, Refused `reason-invalid` */
export const skip = (name: string, eventId: string, reason: string): Promise<void> =>
  withStores(async (stores) => {
    const projection = demandProjection(name);
    const { sequence, error } = await demandParked(stores, projection, eventId);
    if (error === null)
      throw new CannotBeDone('That event did not fail, it waits for one that did: leave out the first of its line.');
    await tell(stores, projection, { type: 'SkipParkedEvent', eventId, reason });
    await outcome(stores, projection, sequence, async () =>
      (await parkedOf(stores, projection)).every((row) => row.eventId !== eventId),
    );
  });

const parkedOf = (
  { readModels }: Stores,
  projection: Projection,
  sequence: string | null = null,
): Promise<ParkedEventRow[]> =>
  parkedEvents(readModels.reader.manager, projection, sequence === null ? {} : { sequence });

/** @throws CannotBeDone if it is not parked */
async function demandParked(stores: Stores, projection: Projection, eventId: string): Promise<ParkedEventRow> {
  const row = (await parkedOf(stores, projection)).find((parked) => parked.eventId === eventId);
  if (row === undefined) throw new CannotBeDone(`No event ${JSON.stringify(eventId)} of ${projection.name} is parked.`);
  return row;
}

/** Waits for a projector to do what the log says, and says what came of it. @throws CannotBeDone if none does */
async function outcome(
  stores: Stores,
  projection: Projection,
  sequence: string | null,
  isTried: () => Promise<boolean>,
): Promise<void> {
  await until(
    async () => (await isTried()) || undefined,
    'It is in the log, but nobody has done it yet: a projector does it when it runs and the projection is not paused.',
  );
  const left = await parkedOf(stores, projection, sequence);
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

const asJson = ({ firstAt, lastAt, edition: _, ...row }: ParkedEventRow) => ({
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
