import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Announcements } from '#host/announcements.js';
import { FrameworkLog, Log } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { Settings, readSettings } from '#host/settings.js';
import { explainStartFailure } from '#host/start-failure.js';
import { endWithin } from '#host/shutdown.js';
import { serveApiDescription } from './api-description.js';
import { AppModule } from './app.module.js';
import { createHttpAdapter, prepareHttp } from './http-server.js';
import { RouteMethods } from './route-methods.js';

async function start(): Promise<void> {
  const adapter = createHttpAdapter(readSettings(process.env));
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: false,
  });
  const log = app.get(Log);
  app.useLogger(new FrameworkLog(log));
  const settings = app.get(Settings);
  await prepareHttp(app, settings, app.get(Metrics), app.get(RouteMethods));
  if (settings.operations.docs) serveApiDescription(app, settings);
  endWithin(log, () => app.close());
  await app.listen(settings.port, settings.host);
  app.get(Announcements).say(`authlog is ready at ${await app.getUrl()}`);
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`);
  process.exit(1);
}
