import { SystemClock } from '#host/clock.js';
import { ErasureHost } from '#host/erasure/erasure-host.js';
import { changeLevelOnSignal, createLog } from '#host/log.js';
import { MailHost } from '#host/mail-host.js';
import { Metrics } from '#host/metrics.js';
import { ProjectionHost } from '#host/projection-host.js';
import { SealingHost } from '#host/sealing/sealing-host.js';
import { readSettings } from '#host/settings.js';
import { endWithin } from '#host/shutdown.js';
import { explainStartFailure } from '#host/start-failure.js';
import { Stores } from '#host/stores.js';
import { Readiness } from '#host/readiness.js';
import { erasureIn } from '#host/subject-rights.js';
import { startTracing } from '#host/tracing.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { OperationsServer } from './operations-server.js';

const DAY_MS = 86_400_000;

/** Keeps the read models, sends mails and completes erasures in a process of its own, beside API processes with AUTHLOG_PROJECTOR=external. */
async function start(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLog(settings.log.level);
  changeLevelOnSignal(log, settings.log.level);
  const metrics = new Metrics();
  const clock = new SystemClock();
  const tracing = await startTracing(settings, 'authlog-projector', log);
  const stores = await Stores.open(settings, clock, metrics, log, tracing);
  const mail = new MailHost(stores, settings, clock, metrics, log);
  const progress = new ReadModelProgress(stores.readModels.reader);
  const erasure = new ErasureHost(stores, erasureIn(stores, progress), clock, log);
  const sealing = new SealingHost(stores, settings.audit, metrics, log);
  const host = new ProjectionHost(stores, progress, metrics, log, tracing, sealing);
  const readiness = await Readiness.atStart(stores, progress, clock);
  const operations = new OperationsServer(settings, stores, readiness, metrics);
  // Waiting for the log is nothing that keeps a process alive.
  const alive = setInterval(() => undefined, DAY_MS);
  endWithin(log, async () => {
    clearInterval(alive);
    await operations.close();
    await Promise.all([host.stop(), mail.stop(), erasure.stop()]);
    await stores.close();
    await tracing.stop();
  });
  const url = await operations.listen();
  await MailHost.begin(stores, clock);
  host.start();
  mail.start();
  erasure.start();
  process.stdout.write(
    `The projector follows the log${url === null ? '' : `; its health is at ${url}/health/ready`}\n`,
  );
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`);
  process.exit(1);
}
