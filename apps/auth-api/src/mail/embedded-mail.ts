import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { MailHost } from '#host/mail-host.js';
import { Metrics } from '#host/metrics.js';
import { Settings } from '#host/settings.js';
import { Stores } from '#host/stores.js';

/** Sends mails in this process, unless AUTHLOG_PROJECTOR says that another one follows the log. */
@Injectable()
export class EmbeddedMail implements OnApplicationBootstrap {
  private readonly host: MailHost | null;

  constructor(
    private readonly stores: Stores,
    private readonly clock: Clock,
    settings: Settings,
    metrics: Metrics,
    log: Log,
  ) {
    this.host = settings.projector === 'embedded' ? new MailHost(stores, settings, clock, metrics, log) : null;
  }

  async onApplicationBootstrap(): Promise<void> {
    await MailHost.begin(this.stores, this.clock);
    this.host?.start();
  }

  async stop(): Promise<void> {
    await this.host?.stop();
  }
}
