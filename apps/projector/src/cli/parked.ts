import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { StreamName } from '#domain/ids.js';
import type { RecordedEvent } from '#event-store/event-store.js';
import type { Stores } from '#host/stores.js';
import { type ParkedEventRow, parkedEvents } from '#read-models/parked-event.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson, table } from './output.js';
import { demandProjection, tell } from './projection-control.js';
import { withStores } from './with-stores.js';

/** So long a projector may take until it has tried; it hears of it at once. */
const WAIT_MS = 10_000;
const LOOK_MS = 100;

const EXAMPLES = `
An event that a projection fails to apply three times waits here with what has to come after it; the rest goes on.
First see why (list, show). Mend the program, and a new version tries again by itself when it starts; or try again
now (retry). Leave an event out (skip) only if its change can be missed: the others are applied as if it had not been.

  authlog projections parked list
  authlog projections parked show sessions 0192f0c4-…
  authlog projections parked retry sessions
  authlog projections parked skip sessions 0192f0c4-… --reason "written by a test"`;

/** `authlog projections parked …` */
export function parkedCommand(): Command {
  const command = new Command('parked')
    .description('Events that a projection could not apply.')
    .addHelpText('after', EXAMPLES);
  command
    .command('list')
    .description('What is parked, in the order of the log.')
    .option('--json', 'for scripts')
    .action(({ json }: { json?: boolean }) =>
      withStores(async (stores) => {
        const rows = (await Promise.all(PROJECTIONS.map(({ name }) => parkedOf(stores, name)))).flat();
        if (json) sayJson(rows.map(asJson));
        else say(rows.length === 0 ? 'Nothing is parked.' : asTable(rows));
      }),
    );
  command
    .command('show')
    .argument('<name>', 'of the projection')
    .argument('<event>', 'the id of the event')
    .description('One of them, and what is in the event; what is personal stays sealed.')
    .action((name: string, eventId: string) =>
      withStores(async (stores) => {
        const row = await demandParked(stores, name, eventId);
        const event = await find(stores, row);
        sayJson({
          ...asJson(row),
          data: event === undefined ? null : asShape(event.data),
          metadata: event?.metadata ?? null,
        });
      }),
    );
  command
    .command('retry')
    .argument('<name>', 'of the projection')
    .argument('[event]', 'the id of an event: what it is in line with is tried; all that is parked without it')
    .description('Try again, in order, up to the first event of each line that fails again.')
    .action((name: string, eventId?: string) =>
      withStores(async (stores) => {
        const sequence = eventId === undefined ? null : (await demandParked(stores, name, eventId)).sequence;
        demandProjection(name);
        await retry(stores, name, sequence);
      }),
    );
  command
    .command('skip')
    .argument('<name>', 'of the projection')
    .argument('<event>', 'the id of an event that failed')
    .requiredOption('--reason <text>', 'why its change can be missed; kept in the log')
    .description('Leave an event out for good, also whenever the projection begins anew, and apply what waited for it.')
    .action((name: string, eventId: string, { reason }: { reason: string }) =>
      withStores(async (stores) => {
        const row = await demandParked(stores, name, eventId);
        if (row.error === null)
          throw new CannotBeDone(
            'That event did not fail, it waits for one that did: leave out the first of its line.',
          );
        await tell(stores, name, { type: 'SkipParkedEvent', eventId, reason });
        await outcome(stores, name, row.sequence, async () =>
          (await parkedOf(stores, name)).every(({ id }) => id !== row.id),
        );
      }),
    );
  return command;
}

const parkedOf = (stores: Stores, projection: string) => parkedEvents(stores.readModels.reader.manager, { projection });

/** @throws CannotBeDone if it is not parked */
async function demandParked(stores: Stores, name: string, eventId: string): Promise<ParkedEventRow> {
  demandProjection(name);
  const row = (await parkedOf(stores, name)).find((parked) => parked.eventId === eventId);
  if (row === undefined) throw new CannotBeDone(`No event ${JSON.stringify(eventId)} of ${name} is parked.`);
  return row;
}

async function retry(stores: Stores, name: string, sequence: string | null): Promise<void> {
  const failed = async () =>
    (await parkedOf(stores, name)).filter((row) => row.error !== null && row.sequence === (sequence ?? row.sequence));
  const before = await failed();
  if (before.length === 0) throw new CannotBeDone(`Nothing of ${name} is parked.`);
  await tell(stores, name, { type: 'RetryParkedEvents', sequence });
  await outcome(stores, name, sequence, async () => {
    const now = new Map((await failed()).map((row) => [row.id, row.attempts]));
    return before.every(({ id, attempts }) => now.get(id) !== attempts);
  });
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
  const left = (await parkedOf(stores, name)).filter((row) => row.sequence === (sequence ?? row.sequence));
  if (left.length === 0) say('Everything was applied.');
  else throw new CannotBeDone(`${left.length} still parked:\n${asTable(left)}`);
}

async function find(stores: Stores, { stream, revision, eventId }: ParkedEventRow): Promise<RecordedEvent | undefined> {
  for await (const event of stores.eventStore.readStream(stream as StreamName, revision))
    return event.id === eventId ? event : undefined;
  return undefined;
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
