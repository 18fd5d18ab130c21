import { accessSync, constants, existsSync, mkdirSync, statSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nameOf } from '#database/database.js';
import type { Place, Schema } from '#database/place.js';
import { EventCodec } from '#event-store/codec.js';
import type { EventStore } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import type { Snapshots } from '#event-store/snapshots.js';
import { SqliteSnapshots } from '#event-store/sqlite/sqlite-snapshots.js';
import { type ReadModelDatabase, openReadModels } from '#read-models/read-model-database.js';
import { LeafStore } from '#sealing/leaf-store.js';
import type { BudgetStore } from '#throttling/budget-store.js';
import { PostgresBudgetStore } from '#throttling/postgres-budget-store.js';
import { SqliteBudgetStore } from '#throttling/sqlite-budget-store.js';
import { type MasterKey, masterKeyFromFile } from '#vault/master-key.js';
import { Vault } from '#vault/vault.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { demandOneInstallation } from './one-installation.js';
import { openLog } from './open-log.js';
import { leafPlace } from './sealing/leaf-place.js';
import type { Settings } from './settings.js';
import { NO_TRACING, type Tracing } from './tracing.js';

/** The data folder cannot be used; the message says why and what to do. */
export class DataFolderUnusable extends Error {
  override readonly name = 'DataFolderUnusable';
}

const ROOM_FOR_THE_LOG = 100 * 2 ** 20;

/** What decides where everything is kept. */
export type StoreSettings = Pick<Settings, 'data' | 'database' | 'eventStore' | 'masterKey'>;

/** Everything that keeps something, opened and ready: which adapter stands behind which port is decided here. */
export class Stores {
  private constructor(
    readonly eventStore: EventStore,
    readonly vault: Vault,
    readonly readModels: ReadModelDatabase,
    readonly codec: EventCodec,
    readonly repository: Repository,
    readonly budgets: BudgetStore,
    readonly leaves: LeafStore,
    private readonly snapshots: Snapshots,
    readonly settings: StoreSettings,
    private readonly appends: { failedAt: Date | null },
  ) {}

  /** When the log last could not take events; null if it has taken some since. */
  get appendsFailedAt(): Date | null {
    return this.appends.failedAt;
  }

  /** Whether the disk of the data folder has some left for what is not needed at once: the log comes first. */
  hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(this.settings.data);
    return bavail * bsize > ROOM_FOR_THE_LOG;
  }

  /** @throws DataFolderUnusable, LogFileUnusable, DatabaseUnusable, VaultUnreadable, NotOneInstallation, StoreUnavailable */
  static async open(
    settings: StoreSettings,
    clock: Clock,
    metrics: Metrics,
    log: Log,
    { appends: tracer }: Tracing = NO_TRACING,
  ): Promise<Stores> {
    const file = (name: string) => join(settings.data, name);
    // Read models and snapshots hold names and addresses in clear: the files are for this user alone.
    process.umask(0o077);
    prepareFolder(settings.data);
    const { database } = settings;
    const place = (name: string, schema: Schema): Place =>
      database === null ? { file: file(name) } : { server: database, schema };
    const vaultPlace = place('vault.db', 'authlog_vault');
    const vault = await Vault.open(vaultPlace, masterKeyOf(settings), () => clock.now());
    const codec = new EventCodec(vault);
    const { eventStore, logPlace, isRemote } = await openLog(settings, observerOf(metrics, log));
    const snapshots = new SqliteSnapshots(file('snapshots.db'));
    const readModels = await openReadModels(place('read-models.db', 'authlog_read_models'));
    const budgets =
      database === null ? SqliteBudgetStore.open(file('throttle.db')) : await PostgresBudgetStore.open(database);
    const leaves = await LeafStore.open(leafPlace(settings));
    const appends: { failedAt: Date | null } = { failedAt: null };
    const repository = new Repository(eventStore, codec, {
      snapshots,
      ...(isRemote ? { watch: {} } : {}),
      ...(tracer === null ? {} : { tracer }),
      observer: {
        appended: (seconds) => {
          appends.failedAt = null;
          metrics.appendSeconds.observe(seconds);
        },
        appendFailed: () => {
          appends.failedAt = clock.now();
          metrics.appendFailures.inc();
        },
        conflicted: () => metrics.appendConflicts.inc(),
        snapshotFailed: () => metrics.snapshotFailures.inc(),
      },
    });
    const halves = { eventStore, repository, vault, logPlace, vaultPlace: nameOf(vaultPlace) };
    await demandOneInstallation(halves, clock.now());
    return new Stores(eventStore, vault, readModels, codec, repository, budgets, leaves, snapshots, settings, appends);
  }

  /** Finishes what is under way; nothing acknowledged is lost. */
  async close(): Promise<void> {
    this.repository.close();
    await this.eventStore.close();
    await this.readModels.close();
    await this.vault.close();
    this.snapshots.close();
    await this.budgets.close();
    await this.leaves.close();
  }
}

const observerOf = (metrics: Metrics, log: Log) => ({
  redialled(reason: string) {
    metrics.logReconnects.inc();
    log.warn({ reason }, 'the subscription to the event log ended and begins again');
  },
  keptForGood(stream: string, reason: string) {
    log.warn({ stream, reason }, 'the event store was not told how long to keep a stream, and keeps it');
  },
});

function prepareFolder(folder: string): void {
  try {
    // Step by step: where a file system refuses, making all of them at once may never come back.
    if (!existsSync(dirname(folder))) prepareFolder(dirname(folder));
    // Nobody but the owner needs to look in.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    accessSync(folder, constants.W_OK);
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file`);
  } catch (cause) {
    throw new DataFolderUnusable(
      `the data folder ${folder} cannot be made or written: make it a folder that this user can write, or set AUTHLOG_DATA to another one.`,
      { cause },
    );
  }
}

function masterKeyOf({ masterKey, data }: StoreSettings): MasterKey {
  if (masterKey !== null) return masterKey;
  const file = join(data, 'master.key');
  if (!existsSync(file) && existsSync(join(data, 'vault.db')))
    throw new DataFolderUnusable(
      `${file} is missing, and without it the vault beside it cannot be read: restore it from a back-up, or set AUTHLOG_MASTER_KEY.`,
    );
  try {
    return masterKeyFromFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataFolderUnusable(`the master key ${file} cannot be used: ${why}`, { cause });
  }
}
