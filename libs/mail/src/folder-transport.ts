import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { MailNotTaken, type MailTransport, type OutgoingMail, type Sender, messageOf } from './mail-transport.js';

/** Writes mails as files that every mail program opens (`.eml`), where there is no mail server. */
export class FolderTransport implements MailTransport {
  private readonly transporter = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });

  /** @param folder made, for its owner only, with the first mail */
  constructor(
    private readonly folder: string,
    private readonly from: Sender,
  ) {}

  async send(mail: OutgoingMail): Promise<string> {
    const { message } = await this.transporter.sendMail(messageOf(mail, this.from));
    // Sorted by time; a second try writes the same file.
    const file = join(this.folder, `${mail.date.toISOString().replaceAll(':', '-')}-${mail.id}.eml`);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(`${file}.draft`, message, { mode: 0o600 });
      await rename(`${file}.draft`, file);
    } catch (cause) {
      throw new MailNotTaken(`the folder ${this.folder} cannot be written`, { cause });
    }
    return file;
  }
}
