/** A mail as it is handed over. */
export interface OutgoingMail {
  /** The same each time the same mail is tried: receivers recognise a second copy by the Message-ID made of it. */
  readonly id: string;
  /** When what it is about happened. */
  readonly date: Date;
  readonly to: string;
  /** Get a copy without being named in it. */
  readonly copies: readonly string[];
  readonly language: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Who mails are from. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

/** Hands mails over. Adapters: smtp-transport.ts, folder-transport.ts. */
export interface MailTransport {
  /**
   * Resolves once somebody else is responsible for the mail, with where it went, in words for the log.
   * @param signal gives up waiting
   * @throws MailRefused, MailNotTaken
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<string>;
}

/** No mail server will ever take this mail for its receiver. */
export class MailRefused extends Error {
  override readonly name = 'MailRefused';
}

/** It was not taken now; trying again later makes sense. The message tells a cause, never an address. */
export class MailNotTaken extends Error {
  override readonly name = 'MailNotTaken';
}

/** What every transport says in the headers of a mail. */
export const messageOf = ({ id, date, to, copies, language, subject, text, html }: OutgoingMail, from: Sender) => ({
  from,
  to: { name: '', address: to },
  ...(copies.length > 0 ? { bcc: copies.map((address) => ({ name: '', address })) } : {}),
  subject,
  text,
  html,
  date,
  messageId: `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
  // RFC 3834: nobody's holiday notice answers it.
  headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
  disableFileAccess: true,
  disableUrlAccess: true,
});
