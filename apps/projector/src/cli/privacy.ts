import { once } from 'node:events';
import { NotYetErased } from '#accounts/erasure/personal-traces.js';
import { type UserId, asUserId, isUuid, userStream } from '#domain/ids.js';
import type { ErasureGround } from '#domain/user/erasure-report.js';
import type { ErasedUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { systemContext } from '#event-store/envelope.js';
import { LOG_START } from '#event-store/event-store.js';
import type { Stores } from '#host/stores.js';
import { erasureIn, exportIn, reservationsIn } from '#host/subject-rights.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson } from './output.js';
import { ACTOR } from './projection-control.js';
import { withStores } from './with-stores.js';

export interface ErasureOptions {
  readonly ground: ErasureGround;
  readonly ticket?: string;
  readonly json?: boolean;
}

const context = () => systemContext(new Date(), ACTOR);
const progressOf = ({ readModels }: Stores) => new ReadModelProgress(readModels.reader);

/** `authlog users erase` @throws CannotBeDone, Refused */
export const erase = (whom: string, { ground, ticket, json = false }: ErasureOptions): Promise<void> =>
  withStores(async (stores) => {
    const id = await idOf(stores, whom);
    const erasure = erasureIn(stores, progressOf(stores));
    await erasure.begin(id, { type: 'EraseUser', by: null, ground, ticket: ticket ?? null }, context());
    const report = await erasure.complete(id, context).catch((error: unknown) => {
      if (error instanceof NotYetErased) return erasure.report(id);
      throw error;
    });
    if (json) sayJson(report);
    else say(inWords(report));
  });

/** `authlog users erase-again` @throws CannotBeDone */
export const eraseAgain = (): Promise<void> =>
  withStores(async (stores) => {
    const erasure = erasureIn(stores, progressOf(stores));
    let done = 0;
    for await (const id of erasedIn(stores))
      try {
        await erasure.complete(id, context);
        done += 1;
      } catch (error) {
        if (!(error instanceof NotYetErased)) throw error;
      }
    say(`${done} that the log says were erased have nothing in the vault.`);
  });

async function* erasedIn({ eventStore }: Stores): AsyncGenerator<UserId> {
  const { signal } = new AbortController();
  for await (const { events, caughtUp } of eventStore.subscribeAll({
    after: LOG_START,
    categories: ['user'],
    signal,
  })) {
    for (const { type, data } of events) if (type === 'UserErased') yield asUserId(String(data['userId']));
    if (caughtUp) return;
  }
}

/** `authlog users export` @throws CannotBeDone, Refused */
export const exportAll = (whom: string): Promise<void> =>
  withStores(async (stores) => {
    const pieces = await exportIn(stores, progressOf(stores)).begin(await idOf(stores, whom), context());
    for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
  });

/** `authlog users hold` and `authlog users release` @throws CannotBeDone, Refused */
export const hold = (whom: string, type: 'PlaceLegalHold' | 'LiftLegalHold', reason: string): Promise<void> =>
  withStores(async (stores) => {
    const id = await idOf(stores, whom);
    await stores.repository.execute(user, userStream(id), { type, reason }, context());
    say(type === 'PlaceLegalHold' ? `${id} is not erased until the hold is lifted.` : `${id} can be erased again.`);
  });

/** @param whom an id, which is all that is left of who was erased, or a user name */
async function idOf(stores: Stores, whom: string): Promise<UserId> {
  if (isUuid(whom)) return asUserId(whom);
  const holder = await reservationsIn(stores).holderOf({ kind: 'name', value: whom });
  if (holder === null)
    throw new CannotBeDone(`There is no user ${JSON.stringify(whom)}: give the user name, or the id.`);
  return holder;
}

function inWords({ id, inventory, outcome }: ErasedUser): string {
  const destroyed = inventory && [
    `  names and addresses that others can have now  ${inventory.identifiers}`,
    `  passwords and second factors destroyed        ${inventory.credentials}`,
    `  mails removed from the folder                 ${inventory.mails}`,
  ];
  const rest = outcome && [
    `  sessions ended                                ${outcome.sessionsEnded}`,
    `  events with what nobody can read any more     ${outcome.sealedEvents}`,
    `  read models blanked                           ${outcome.readModels.join(', ')}`,
  ];
  const state = outcome === null ? 'is erased; a projector completes it when it runs' : 'was erased';
  return [`${id} ${state}.`, ...(destroyed ?? []), ...(rest ?? [])].join('\n');
}
