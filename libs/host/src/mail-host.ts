import { join } from 'node:path';
import { systemContext } from '#event-store/envelope.js';
import { FolderTransport } from '#mail/folder-transport.js';
import { MailComposer } from '#mail/mail-composer.js';
import { type MailObserver, MailReactor } from '#mail/mail-reactor.js';
import { SmtpTransport } from '#mail/smtp-transport.js';
import { MailTokens } from '#tokens/mail-token.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Settings } from './settings.js';
import type { Stores } from './stores.js';

/** Sends the mails of this process. */
export class MailHost {
  private readonly reactor: MailReactor;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    { eventStore, codec, repository, vault }: Stores,
    { data, mail: { from, smtp, wording } }: Settings,
    clock: Clock,
    metrics: Metrics,
    log: Log,
  ) {
    this.reactor = new MailReactor({
      store: eventStore,
      codec,
      repository,
      composer: new MailComposer(repository, new MailTokens(vault.derivedKey('mail-token')), wording),
      transport: smtp === null ? new FolderTransport(join(data, 'mail'), from) : new SmtpTransport(smtp, from),
      observer: observerOf(metrics, log),
      context: () => mailContext(clock.now()),
    });
    metrics.watch('authlog_mails_pending', 'Mails on their way or waiting for another try.', () => this.reactor.length);
  }

  /** Before the first request: what has happened until then is nothing to send mails about. */
  static async begin({ eventStore: store, repository }: Stores, clock: Clock): Promise<void> {
    await MailReactor.begin({ store, repository, context: () => mailContext(clock.now()) });
  }

  start(): void {
    this.running = this.reactor.run(this.stopping.signal);
  }

  /** Finishes what is being handed over. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }
}

const mailContext = (now: Date) => systemContext(now, 'mail');

const observerOf = (metrics: Metrics, log: Log): MailObserver => ({
  dispatched(kind, mail, where) {
    metrics.mails.inc({ outcome: 'dispatched' });
    log.info({ kind, mail, where }, 'a mail was handed over');
  },
  failed(kind, mail, cause, retryAt) {
    metrics.mails.inc({ outcome: 'failed' });
    log.warn({ kind, mail, cause, retryAt }, 'a mail was not taken and is tried again');
  },
  abandoned(kind, mail, reason) {
    metrics.mails.inc({ outcome: 'abandoned' });
    log.error({ kind, mail, reason }, 'a mail was given up');
  },
  faulted(error) {
    log.error({ error }, 'mails cannot be sent at this moment; trying again');
  },
});
