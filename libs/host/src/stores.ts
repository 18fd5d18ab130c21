import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EventCodec } from '#event-store/codec.js';
import { type EventStore, LOG_START } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import type { Snapshots } from '#event-store/snapshots.js';
import { SqliteEventStore } from '#event-store/sqlite/sqlite-event-store.js';
import { SqliteSnapshots } from '#event-store/sqlite/sqlite-snapshots.js';
import { type ReadModelDatabase, openReadModels } from '#read-models/read-model-database.js';
import type { BudgetStore } from '#throttling/budget-store.js';
import { SqliteBudgetStore } from '#throttling/sqlite-budget-store.js';
import { type MasterKey, masterKeyFromFile } from '#vault/master-key.js';
import { Vault } from '#vault/vault.js';
import type { Clock } from './clock.js';
import type { Metrics } from './metrics.js';
import type { Settings } from './settings.js';

/** The data folder cannot be used; the message says why and what to do. */
export class DataFolderUnusable extends Error {
  override readonly name = 'DataFolderUnusable';
}

/** How long a first start may take that writes the vault before the log. */
const FIRST_START_MS = 60_000;

/** Everything that keeps something, opened and ready: which adapter stands behind which port is decided here. */
export class Stores {
  private constructor(
    readonly eventStore: EventStore,
    readonly vault: Vault,
    readonly readModels: ReadModelDatabase,
    readonly codec: EventCodec,
    readonly repository: Repository,
    readonly budgets: BudgetStore,
    private readonly snapshots: Snapshots,
    private readonly appends: { failedAt: Date | null },
  ) {}

  /** When the log last could not take events; null if it has taken some since. */
  get appendsFailedAt(): Date | null {
    return this.appends.failedAt;
  }

  /** @throws DataFolderUnusable, LogFileUnusable, DatabaseUnusable, VaultUnreadable */
  static async open(settings: Settings, clock: Clock, metrics: Metrics): Promise<Stores> {
    const file = (name: string) => join(settings.data, name);
    // Read models and snapshots hold names and addresses in clear: the files are for this user alone.
    process.umask(0o077);
    prepareFolder(settings.data);
    const vault = await Vault.open(file('vault.db'), masterKeyOf(settings), () => clock.now());
    const codec = new EventCodec(vault);
    const eventStore = new SqliteEventStore(file('events.db'));
    const snapshots = new SqliteSnapshots(file('snapshots.db'));
    await demandOneInstallation(settings.data, eventStore, vault);
    const readModels = await openReadModels(file('read-models.db'));
    const budgets = SqliteBudgetStore.open(file('throttle.db'));
    const appends: { failedAt: Date | null } = { failedAt: null };
    const repository = new Repository(eventStore, codec, {
      snapshots,
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
    return new Stores(eventStore, vault, readModels, codec, repository, budgets, snapshots, appends);
  }

  /** Finishes what is under way; nothing acknowledged is lost. */
  async close(): Promise<void> {
    await this.eventStore.close();
    await this.readModels.close();
    await this.vault.close();
    this.snapshots.close();
    this.budgets.close();
  }
}

/** A log and a vault that do not belong together would look like a first start, or like a log that nobody can read. */
async function demandOneInstallation(folder: string, eventStore: EventStore, vault: Vault): Promise<void> {
  const missing = (file: string, other: string) =>
    new DataFolderUnusable(
      `${join(folder, file)} is empty or missing, but the ${other} beside it is in use: restore it from a back-up, or set AUTHLOG_DATA to an empty folder to begin anew.`,
    );
  const isNewLog = (await eventStore.head()) === LOG_START;
  if (isNewLog && (await vault.isInUse(FIRST_START_MS))) throw missing('events.db', 'vault');
  if (!isNewLog && !(await vault.isInUse(0))) throw missing('vault.db', 'log');
}

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

function masterKeyOf({ masterKey, data }: Settings): MasterKey {
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
