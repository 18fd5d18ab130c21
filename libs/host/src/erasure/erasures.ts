import { join } from 'node:path';
import { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import { IdentifierReservations } from '#accounts/identifier-reservations.js';
import { MailFolder } from '#mail/mail-folder.js';
import type { ReadModelProgress } from '#read-models/progress.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import type { Stores } from '../stores.js';
import { StoredTraces } from './stored-traces.js';

/** How somebody is forgotten in these stores. */
export function erasureIn(stores: Stores, progress: ReadModelProgress): SubjectErasure {
  const { eventStore: store, codec, repository, vault, settings } = stores;
  const reservations = new IdentifierReservations(
    repository,
    new IdentifierDigest(vault.derivedKey('identifier-digest')),
  );
  const traces = new StoredTraces(stores, progress, new MailFolder(join(settings.data, 'mail'), store));
  return new SubjectErasure({ store, codec, repository, vault, reservations, traces });
}
