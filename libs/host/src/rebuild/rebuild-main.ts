import pLimit from 'p-limit';
import type { InTurn } from '#database/transaction.js';
import { projectionControl, projectionStream } from '#domain/projection/projection-control.js';
import { systemContext } from '#event-store/envelope.js';
import { reasonOf } from '#read-models/parked-event.js';
import { projectionNamed } from '#read-models/read-model-database.js';
import { Rebuild, type RebuildParts } from '#read-models/rebuild/rebuild.js';
import { parseMasterKey } from '#vault/master-key.js';
import { SystemClock } from '../clock.js';
import { createLog } from '../log.js';
import { Metrics } from '../metrics.js';
import { Stores } from '../stores.js';
import type { FromRebuild, ToRebuild } from './rebuild-messages.js';

/** Who ends a rebuild. */
const PROJECTOR = 'projector';

const stopping = new AbortController();
let beginTurn: () => void = () => undefined;

const oneAtATime = pLimit(1);

/** One after the other, in turn with the process that keeps the read models. */
const inTurn: InTurn = (work) =>
  oneAtATime(async () => {
    await new Promise<void>((resolve) => {
      beginTurn = resolve;
      say({ type: 'turn-wanted' });
    });
    try {
      return await work();
    } finally {
      say({ type: 'turn-over' });
    }
  });

function say(message: FromRebuild): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function begin({ settings, projection: name, order, skipped }: Extract<ToRebuild, { type: 'begin' }>) {
  const projection = projectionNamed(name);
  if (projection === undefined) return;
  const masterKey = settings.masterKey === null ? null : parseMasterKey(settings.masterKey);
  const stores = await Stores.open({ ...settings, masterKey }, new SystemClock(), new Metrics(), createLog('error'));
  const { writer } = stores.readModels;
  // What is written is brought into its place between the turns: within one, others would wait for the disk.
  if (settings.database === null) await writer.query('PRAGMA wal_autocheckpoint = 0');
  const parts: RebuildParts = {
    store: stores.eventStore,
    codec: stores.codec,
    database: writer,
    async inTurn(work) {
      const result = await inTurn(work);
      if (settings.database === null) await writer.query('PRAGMA wal_checkpoint(PASSIVE)');
      return result;
    },
    now: () => new Date(),
    observer: {
      advanced() {},
      failed: (_, error) => say({ type: 'failed', reason: reasonOf(error) }),
      parked: (event) => say({ type: 'parked', event }),
    },
    openReader: () => stores.readModels.openReader(),
    hasRoom: () => stores.hasRoom(),
    tell: async (of, command) => {
      const context = systemContext(new Date(), PROJECTOR);
      await stores.repository.execute(projectionControl, projectionStream(of), command, context);
      if (command.type === 'EndRebuild') say({ type: 'ended', failure: command.failure });
    },
  };
  try {
    await new Rebuild(parts, projection, order, new Set(skipped)).run(stopping.signal);
  } finally {
    await stores.close();
  }
}

// They are meant for the process that started this one, which says so when it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.once('disconnect', () => process.exit(1));
process.on('message', (message: ToRebuild) => {
  switch (message.type) {
    case 'turn':
      return beginTurn();
    case 'stop':
      return stopping.abort();
    case 'begin':
      void begin(message).then(
        () => process.exit(0),
        (error: unknown) => {
          say({ type: 'failed', reason: reasonOf(error) });
          process.exit(1);
        },
      );
  }
});
