import { Controller, Get, NotFoundException, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Metrics } from '#host/metrics.js';
import { measureProjections } from '#host/projection-status.js';
import { Settings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { OpenToEveryone } from '../access/access.decorator.js';

/** For Prometheus; served where the settings say so (SEC-137). */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly stores: Stores,
    private readonly settings: Settings,
  ) {}

  @Get()
  @OpenToEveryone()
  async all(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    if (!this.settings.operations.metrics) throw new NotFoundException();
    await measureProjections(this.metrics, this.stores);
    void reply.type(this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
