import { once } from 'node:events';
import { createServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Announcements } from '#host/announcements.js';
import { FrameworkLog, Log, changeLevelOnSignal } from '#host/log.js';
import { type Settings, readSettings } from '#host/settings.js';
import { explainStartFailure } from '#host/start-failure.js';
import { endWithin } from '#host/shutdown.js';
import { AppModule } from './app.module.js';
import { createHttpAdapter, prepareHttp } from './http-server.js';

/** After this a connection that has sent half a request, or nothing, is not waited for any more. */
const CUT_OFF_MS = 5_000;

/** Nothing is touched before it is clear that the service can listen. */
async function demandFreePort({ host, port }: Settings): Promise<void> {
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}

/** Each connection ends with its next answer; those without one are cut off in time for an orderly end. */
async function close(app: NestFastifyApplication): Promise<void> {
  const cutOff = setTimeout(() => app.getHttpServer().closeAllConnections(), CUT_OFF_MS);
  await app.close();
  clearTimeout(cutOff);
}

async function start(): Promise<void> {
  const settings = readSettings(process.env);
  await demandFreePort(settings);
  const adapter = createHttpAdapter(settings);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: false,
  });
  const log = app.get(Log);
  app.useLogger(new FrameworkLog(log));
  changeLevelOnSignal(log, settings.log.level);
  for (const warning of settings.warnings) log.warn({ warning }, 'check the settings');
  await prepareHttp(app);
  endWithin(log, () => close(app));
  await app.listen(settings.port, settings.host);
  app.get(Announcements).say(`authlog is ready at ${await app.getUrl()}`);
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`);
  process.exit(1);
}
