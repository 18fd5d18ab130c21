import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserId } from '#domain/ids.js';
import { mailStream } from '#domain/mail/mail.js';
import type { EventStore } from '#event-store/event-store.js';

/** As the folder transport calls its files, finished or not. */
const MAIL_FILE = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.eml(?:\.draft)?$/;

/** Mails that were written as files instead of being sent. Whose they are the log says: their own text need not be read. */
export class MailFolder {
  constructor(
    private readonly folder: string,
    private readonly store: EventStore,
  ) {}

  /** The files of mails about this account. */
  async filesOf(userId: UserId): Promise<string[]> {
    const found: string[] = [];
    for (const name of await this.names()) {
      const [, id] = MAIL_FILE.exec(name) ?? [];
      if (id !== undefined && (await this.isAbout(id, userId))) found.push(join(this.folder, name));
    }
    return found;
  }

  async removeThoseOf(userId: UserId): Promise<void> {
    for (const file of await this.filesOf(userId)) await rm(file, { force: true });
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }

  private async isAbout(id: string, userId: UserId): Promise<boolean> {
    for await (const { type, data } of this.store.readStream(mailStream(id), 0))
      if (type === 'MailDispatchStarted') return data['userId'] === userId;
    return false;
  }
}
