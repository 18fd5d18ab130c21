import type { Log } from './log.js';

/** How long the requests under way have to finish. */
const DRAIN_MS = 10_000;

/**
 * Ends the process when it is told to: finishes what is under way, and after ten seconds leaves the rest, which nobody has
 * been told is done. A fault that nobody caught ends it, too; it was recorded, and the log holds everything acknowledged.
 */
export function endWithin(log: Log, close: () => Promise<void>): void {
  let ending = false;
  const end = (reason: string) => {
    if (ending) return;
    ending = true;
    log.info({ reason }, 'ending');
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'could not end in order');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => end('SIGTERM'));
  process.once('SIGINT', () => end('SIGINT'));
  process.on('unhandledRejection', (error) => log.error({ error }, 'a promise was rejected and nobody took notice'));
  process.on('uncaughtException', (error) => {
    log.error({ error }, 'an exception was thrown and nobody caught it');
    process.exit(1);
  });
}
