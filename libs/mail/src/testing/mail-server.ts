import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { callbackify } from 'node:util';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import type { SmtpServer } from '../smtp-transport.js';

/** A mail as it arrived. */
export interface ReceivedMail extends ParsedMail {
  /** Whom it was handed over for. */
  readonly receivers: readonly string[];
}

/** A mail server on loopback that keeps what it gets. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  private readonly arrived = new Set<() => void>();

  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  static async start(options: Partial<SMTPServerOptions> = {}, port = 0): Promise<MailServer> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: callbackify((stream: SMTPServerDataStream, session: SMTPServerSession) => started.take(stream, session)),
      ...options,
    });
    // A client that goes away in the middle is what some tests are about.
    server.on('error', () => undefined);
    server.listen(port, '127.0.0.1');
    await once(server.server, 'listening');
    const started = new MailServer(server, (server.server.address() as AddressInfo).port);
    return started;
  }

  private async take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<void> {
    const mail = await simpleParser(stream);
    this.received.push({ ...mail, receivers: envelope.rcptTo.map(({ address }) => address) });
    for (const wake of this.arrived) wake();
  }

  get settings(): SmtpServer {
    return { host: '127.0.0.1', port: this.port, implicitTls: false, requireTls: false, credentials: null };
  }

  /** The first mail that is so, now or later. */
  async arrival(isWanted: (mail: ReceivedMail) => boolean = () => true): Promise<ReceivedMail> {
    for (;;) {
      const found = this.received.find(isWanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.arrived.delete(wake);
          resolve();
        };
        this.arrived.add(wake);
      });
    }
  }

  /**
   * The token in a mail to this address that leads to this page.
   * @param since how many mails had been received when it was asked for
   */
  async token(page: string, receiver: string, since = 0): Promise<string> {
    const link = new RegExp(`/account/${page}#(\\S+)`);
    const { text = '' } = await this.arrival(
      (each) => this.received.indexOf(each) >= since && each.receivers.includes(receiver) && link.test(each.text ?? ''),
    );
    return link.exec(text)?.[1] ?? '';
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(resolve));
  }
}
