import pLimit from 'p-limit';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { Presence } from '#host/presence.js';
import { ProjectionHost } from '#host/projection-host.js';
import { SealingHost } from '#host/sealing/sealing-host.js';
import { Settings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { Tracing } from '#host/tracing.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';

/** Keeps the read models in this process, unless AUTHLOG_PROJECTOR says that another one does. */
@Injectable()
export class EmbeddedProjector implements OnApplicationBootstrap {
  private readonly host: ProjectionHost | Presence;

  constructor(
    stores: Stores,
    progress: ReadModelProgress,
    metrics: Metrics,
    log: Log,
    tracing: Tracing,
    settings: Settings,
  ) {
    const isHere = settings.projector === 'embedded';
    const sealing = new SealingHost(stores, settings.audit, metrics, log);
    this.host = isHere
      ? new ProjectionHost(stores, progress, metrics, log, tracing, sealing)
      : new Presence(stores.readModels.writer, pLimit(1), PROJECTIONS, 'reads');
  }

  onApplicationBootstrap(): void {
    this.host.start();
  }

  async stop(): Promise<void> {
    await this.host.stop();
  }
}
