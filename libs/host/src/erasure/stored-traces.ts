import { removeScratchCopies } from '#audit/scratch.js';
import { NotYetErased, type PersonalTraces } from '#accounts/erasure/personal-traces.js';
import { isDatabaseLost } from '#database/database-lost.js';
import type { StreamName, UserId } from '#domain/ids.js';
import type { MailFolder } from '#mail/mail-folder.js';
import { type ReadModelProgress, ReadModelBehind } from '#read-models/progress.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { streamsAbout } from '#read-models/subject-streams/subject-streams.queries.js';
import type { Stores } from '../stores.js';

/** What the read models and the folder of mails have of persons. */
export class StoredTraces implements PersonalTraces {
  constructor(
    private readonly stores: Pick<Stores, 'eventStore' | 'readModels' | 'settings'>,
    private readonly progress: ReadModelProgress,
    private readonly mails: MailFolder,
  ) {}

  async countMails(userId: UserId): Promise<number> {
    return (await this.mails.filesOf(userId)).length;
  }

  async removeMails(userId: UserId): Promise<void> {
    await this.mails.removeThoseOf(userId);
  }

  async clearReadModels(userId: UserId): Promise<readonly string[]> {
    try {
      removeScratchCopies(this.stores.settings.data);
      // At once, also where a projection stands still; and again after what they had read before the key was gone.
      await this.stores.readModels.clear(userId);
      const head = await this.stores.eventStore.head();
      for (const projection of PROJECTIONS) await this.progress.waitFor(projection, head);
      await this.stores.readModels.clear(userId);
    } catch (cause) {
      throw cause instanceof ReadModelBehind || isDatabaseLost(cause)
        ? new NotYetErased('a read model is not as far yet', { cause })
        : cause;
    }
    return PROJECTIONS.filter(({ personal }) => personal !== undefined).map(({ name }) => name);
  }

  async streamsOf(userId: UserId): Promise<readonly StreamName[]> {
    return streamsAbout(this.stores.readModels.reader, userId);
  }
}
