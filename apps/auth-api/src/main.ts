import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Announcements } from '#host/announcements.js';
import { FrameworkLog, Log } from '#host/log.js';
import { Settings, readSettings } from '#host/settings.js';
import { explainStartFailure } from '#host/start-failure.js';
import { endWithin } from '#host/shutdown.js';
import { AppModule } from './app.module.js';
import { createHttpAdapter, prepareHttp } from './http-server.js';

async function start(): Promise<void> {
  const adapter = createHttpAdapter(readSettings(process.env));
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: false,
  });
  const log = app.get(Log);
  app.useLogger(new FrameworkLog(log));
  await prepareHttp(app);
  endWithin(log, () => app.close());
  const { host, port } = app.get(Settings);
  await app.listen(port, host);
  app.get(Announcements).say(`authlog is ready at ${await app.getUrl()}`);
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`);
  process.exit(1);
}
