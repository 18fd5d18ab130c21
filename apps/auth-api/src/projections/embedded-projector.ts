import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { ProjectionHost } from '#host/projection-host.js';
import { Settings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { ReadModelProgress } from '#read-models/progress.js';

/** Keeps the read models in this process, unless AUTHLOG_PROJECTOR says that another one does. */
@Injectable()
export class EmbeddedProjector implements OnApplicationBootstrap {
  private readonly host: ProjectionHost | null;

  constructor(stores: Stores, progress: ReadModelProgress, metrics: Metrics, log: Log, settings: Settings) {
    this.host = settings.projector === 'embedded' ? new ProjectionHost(stores, progress, metrics, log) : null;
  }

  onApplicationBootstrap(): void {
    this.host?.start();
  }

  async stop(): Promise<void> {
    await this.host?.stop();
  }
}
