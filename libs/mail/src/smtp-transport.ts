import { type NodemailerError, type SMTPTransportOptions, createTransport } from 'nodemailer';
import {
  MailNotTaken,
  MailRefused,
  type MailTransport,
  type OutgoingMail,
  type Sender,
  messageOf,
} from './mail-transport.js';

/** A mail server, as the settings name it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS. */
  readonly implicitTls: boolean;
  /** Whether a server that offers no TLS is refused. */
  readonly requireTls: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

const CONNECT_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 15_000;
/** In all; below the lease of a dispatch, so that a slow server is not asked by two processes. */
const SEND_WITHIN_MS = 45_000;

/**
 * RFC 3463: permanent, and about the receiver's address or mailbox. Everything else may be for the operator to mend, such as
 * a missing login or a refused sender, and the mail waits for that.
 */
const NO_SUCH_MAILBOX = /^5[0-9]{2}[ -]5\.[12]\./;

/** Hands mails to a mail server (RFC 5321). */
export class SmtpTransport implements MailTransport {
  private readonly transporter;

  constructor(
    private readonly server: SmtpServer,
    private readonly from: Sender,
  ) {
    const { host, port, implicitTls, requireTls, credentials } = server;
    const options: SMTPTransportOptions = {
      host,
      port,
      secure: implicitTls,
      requireTLS: requireTls,
      connectionTimeout: CONNECT_WITHIN_MS,
      greetingTimeout: CONNECT_WITHIN_MS,
      dnsTimeout: CONNECT_WITHIN_MS,
      socketTimeout: ANSWER_WITHIN_MS,
      ...(credentials === null ? {} : { auth: { user: credentials.user, pass: credentials.password } }),
    };
    this.transporter = createTransport(options);
  }

  async send(mail: OutgoingMail, signal: AbortSignal): Promise<string> {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(SEND_WITHIN_MS)]);
      await this.transporter.sendMail({ ...messageOf(mail, this.from), signal: within });
      return `${this.server.host}:${this.server.port}`;
    } catch (error) {
      const { code = 'unknown', originalCode = code, command, response = '' } = error as NodemailerError;
      const [status] = /^[0-9]{3}(?:[ -][0-9]\.[0-9]{1,3}\.[0-9]{1,3})?/.exec(response) ?? [];
      // The library's message and the server's words may name the receiver.
      const cause = [originalCode, command, status].filter((part) => part !== undefined).join(' ');
      throw status !== undefined && NO_SUCH_MAILBOX.test(status) ? new MailRefused(cause) : new MailNotTaken(cause);
    }
  }
}
