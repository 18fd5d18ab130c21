import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { InTurn } from '#database/transaction.js';
import type { RebuildFailure, RebuildOrder } from '#domain/projection/projection-control.js';
import type { Projection } from '#read-models/projection.js';
import type { ProjectorObserver } from '#read-models/projector.js';
import { LOW_PRIORITY } from '../low-priority.js';
import type { StoreSettings } from '../stores.js';
import type { FromRebuild, ToRebuild } from './rebuild-messages.js';

// A process cannot be started from TypeScript: tests, which run on the sources, start the built one as well.
const PROGRAM = createRequire(import.meta.url).resolve('#host/rebuild/rebuild-main.js');
/** As much as what it reads and writes at a time takes. */
const MEMORY = ['--max-semi-space-size=4', '--max-old-space-size=192'];

/** Longer nobody waits for it to end: it goes on where it was, however it ended. */
const STOP_WITHIN_MS = 2_000;
/** The part of the time that this process may work before a rebuild makes way for it, */
const BUSY = 0.15;
/** by so much between two of its turns. */
const BREATHER_MS = 4;

/** What the process of a rebuild is started with. */
interface RebuildProcessParts {
  readonly settings: StoreSettings;
  /** On SQLite it writes in turn with this process. */
  readonly inTurn: InTurn;
  readonly observer: ProjectorObserver;
  /** @param failure why it came to nothing; null when it is done */
  readonly ended: (failure: RebuildFailure | null) => void;
}

/**
 * Does a rebuild in a process of its own, of low priority: whoever is answered by this one waits for none of it. It ends when this
 * process does.
 * @throws Error if it ends before it is done
 */
export async function rebuildElsewhere(
  { settings, inTurn, observer, ended }: RebuildProcessParts,
  projection: Projection,
  { order, skipped }: { readonly order: RebuildOrder; readonly skipped: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  const child = fork(PROGRAM, [], {
    serialization: 'advanced',
    execArgv: MEMORY,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  makeWay(child);
  let endTurn: () => void = () => undefined;
  const callers = new Callers();
  const giveTurn = async () => {
    if (callers.areMany()) await delay(BREATHER_MS);
    await inTurn(
      () =>
        new Promise<void>((resolve) => {
          endTurn = resolve;
          if (!say(child, { type: 'turn' })) resolve();
        }),
    );
  };
  child.on('message', (message: FromRebuild) => {
    switch (message.type) {
      case 'turn-wanted':
        return void giveTurn();
      case 'turn-over':
        return endTurn();
      case 'failed':
        return observer.failed([projection], new Error(message.reason));
      case 'parked':
        return observer.parked(message.event);
      case 'ended':
        return ended(message.failure);
    }
  });
  child.on('error', () => undefined);
  const stop = () => {
    say(child, { type: 'stop' });
    setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS).unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  const masterKey = settings.masterKey?.key.export().toString('base64') ?? null;
  say(child, {
    type: 'begin',
    settings: { data: settings.data, database: settings.database, eventStore: settings.eventStore, masterKey },
    projection: projection.name,
    order,
    skipped: [...skipped],
  });
  if (signal.aborted) stop();
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.removeEventListener('abort', stop);
  endTurn();
  if (code !== 0 && !signal.aborted) throw new Error(`the process of a rebuild ended (${code ?? 'killed'})`);
}

/** From its first moment on: to start takes a second of computing. Its threads have the priority of the one that made them. */
function makeWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, LOW_PRIORITY);
  } catch {
    // It is gone already, and whoever waits for its end says so.
  }
}

/** Knows whether this process has had much to do of late. */
class Callers {
  private since = performance.eventLoopUtilization();

  areMany(): boolean {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.since);
    this.since = now;
    return utilization > BUSY;
  }
}

/** Whether there was anybody to say it to. */
function say(child: ChildProcess, message: ToRebuild): boolean {
  if (!child.connected) return false;
  child.send(message, () => undefined);
  return true;
}
