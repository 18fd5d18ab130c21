import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import { Clock } from '#host/clock.js';
import { ErasureHost } from '#host/erasure/erasure-host.js';
import { Log } from '#host/log.js';
import { Settings } from '#host/settings.js';
import { Stores } from '#host/stores.js';

/** Completes in this process what was begun, unless AUTHLOG_PROJECTOR says that another one follows the log. */
@Injectable()
export class EmbeddedErasure implements OnApplicationBootstrap {
  private readonly host: ErasureHost;

  constructor(stores: Stores, erasure: SubjectErasure, settings: Settings, clock: Clock, log: Log) {
    this.host = new ErasureHost(stores, settings.projector === 'embedded' ? erasure : null, clock, log);
  }

  onApplicationBootstrap(): void {
    this.host.start();
  }

  async stop(): Promise<void> {
    await this.host.stop();
  }
}
