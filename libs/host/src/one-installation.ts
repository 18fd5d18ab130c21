import { INSTALLATION, installation } from '#domain/installation/installation.js';
import { systemContext } from '#event-store/envelope.js';
import { type EventStore, LOG_START } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import type { Vault } from '#vault/vault.js';

/** A log and a vault that do not belong together; the message says which, and what to do. */
export class NotOneInstallation extends Error {
  override readonly name = 'NotOneInstallation';
}

/** What is looked at, and what people call the places where the two are. */
export interface Halves {
  readonly eventStore: EventStore;
  readonly repository: Repository;
  readonly vault: Vault;
  readonly logPlace: string;
  readonly vaultPlace: string;
}

/** How long a first start may take that writes the vault before the log. */
const FIRST_START_MS = 60_000;

/**
 * Binds a new log to its vault. One without the other would look like a first start, and a log with the vault of another
 * installation like one that nobody can read.
 * @throws NotOneInstallation
 */
export async function demandOneInstallation(halves: Halves, now: Date): Promise<void> {
  const { repository, vault, logPlace, vaultPlace } = halves;
  const vaultId = vault.derivedKey('installation-id').toString('base64url');
  const { state } = await repository.load(installation, INSTALLATION);
  if (state.vaultId === vaultId) return;
  const isNewLog = state.vaultId === null && !state.bootstrapped && !(await hasAccounts(halves));
  if (isNewLog && (await vault.isInUse(FIRST_START_MS))) throw missing(logPlace, vaultPlace);
  if (!isNewLog && !(await vault.isInUse(0))) throw missing(vaultPlace, logPlace);
  const { state: founded } = await repository.execute(
    installation,
    INSTALLATION,
    { type: 'Found', vaultId },
    systemContext(now),
  );
  if (founded.vaultId !== vaultId)
    throw new NotOneInstallation(
      `${vaultPlace} is the vault of another installation than ${logPlace}: restore the one that belongs to it, or give each installation a log and a data folder of its own.`,
    );
}

const missing = (place: string, other: string) =>
  new NotOneInstallation(
    `${place} is empty or missing, but ${other} is in use: restore it from a back-up, or begin anew with both of them empty.`,
  );

/** Of a log from before it was bound to a vault. */
const hasAccounts = async ({ eventStore }: Halves) => (await eventStore.head()) !== LOG_START;
