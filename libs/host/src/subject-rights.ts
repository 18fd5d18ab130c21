import { join } from 'node:path';
import { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import { SubjectExport } from '#accounts/export/subject-export.js';
import { IdentifierReservations } from '#accounts/identifier-reservations.js';
import type { UserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { EventCodec } from '#event-store/codec.js';
import { withholding } from '#event-store/disclosure.js';
import { MailFolder } from '#mail/mail-folder.js';
import type { ReadModelProgress } from '#read-models/progress.js';
import { subjectStreams } from '#read-models/subject-streams/subject-streams.projection.js';
import { streamsAbout } from '#read-models/subject-streams/subject-streams.queries.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import type { Vault } from '#vault/vault.js';
import { StoredTraces } from './erasure/stored-traces.js';
import type { Stores } from './stores.js';

/** Who holds which name or address. */
export const reservationsIn = ({ repository, vault }: Stores) =>
  new IdentifierReservations(repository, new IdentifierDigest(vault.derivedKey('identifier-digest')));

/** How somebody is forgotten in these stores. */
export function erasureIn(stores: Stores, progress: ReadModelProgress): SubjectErasure {
  const { eventStore: store, codec, repository, vault, settings } = stores;
  const traces = new StoredTraces(stores, progress, new MailFolder(join(settings.data, 'mail'), store));
  return new SubjectErasure({ store, codec, repository, vault, reservations: reservationsIn(stores), traces });
}

/** How all that is held about somebody is handed out from these stores. */
export function exportIn(
  { eventStore: store, vault, repository, readModels }: Stores,
  progress: ReadModelProgress,
): SubjectExport {
  return new SubjectExport({
    store,
    codecOf: async (userId) => new EventCodec(withholding(vault, await keyIdOf(vault, userId))),
    repository,
    streamsOf: async (userId, asOf) => {
      await progress.waitFor(subjectStreams, asOf);
      return streamsAbout(readModels.reader, userId);
    },
  });
}

/** Null of who was erased. */
async function keyIdOf(vault: Vault, userId: UserId): Promise<string | null> {
  try {
    return (await vault.keyOf(userId)).id;
  } catch (error) {
    if (error instanceof Refused && error.code === 'user-erased') return null;
    throw error;
  }
}
