import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asPosition } from '#event-store/event-store.js';
import { HashThreads } from '#host/sealing/hash-threads.js';
import { HEADS_FILE } from '#host/sealing/sealing-host.js';
import { readSettings } from '#host/settings.js';
import { HeadsUnreadable, headsInFile } from '#sealing/sink/head-file.js';
import { type Verdict, verifyLog } from '#sealing/verify/verify-log.js';
import { CannotBeDone } from './cannot-be-done.js';
import { ProgressLine, progressBar, say, sayJson } from './output.js';
import { publicKeyIn } from './public-key-file.js';
import { withStores } from './with-stores.js';

export interface VerifyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly heads?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** `authlog audit verify` @throws CannotBeDone if something is wrong with the log */
export const verify = ({ from, to, heads, key: keyFile, json }: VerifyOptions): Promise<void> =>
  withStores(async ({ eventStore: store, leaves, settings }) => {
    const key = publicKeyIn(keyFile);
    const file = heads ?? ownHeadsFile();
    const threads = new HashThreads(settings);
    const line = new ProgressLine();
    const startedAt = performance.now();
    try {
      const verdict = await verifyLog({
        store,
        leaves,
        leavesOfLog: (after, through) => threads.leavesOfLog(after, through),
        outside: file === null ? null : headsInFile(file),
        key,
        range: { from: from === undefined ? null : asPosition(from), to: to === undefined ? null : asPosition(to) },
        now: new Date(),
        progressed(done, whole) {
          const perSecond = Math.round((1_000 * done) / (performance.now() - startedAt));
          line.show(`${progressBar(done, whole)}, ${done} of ${whole}, ${perSecond.toLocaleString('en')} events/s`);
        },
      });
      line.end();
      if (json === true) sayJson({ ...verdict, outsideFile: file });
      else for (const sentence of sentencesAbout(verdict, file)) say(sentence);
      if (verdict.fault !== null) throw new CannotBeDone(`Not as it was sealed: ${verdict.fault.message}`);
    } catch (error) {
      throw error instanceof HeadsUnreadable ? new CannotBeDone(error.message) : error;
    } finally {
      line.end();
      await threads.close();
    }
  });

/** The file to which the service itself hands heads; null if it has not yet. */
function ownHeadsFile(): string | null {
  const { audit, data } = readSettings(process.env);
  const file = audit.sink.file ?? join(data, HEADS_FILE);
  return existsSync(file) ? file : null;
}

function sentencesAbout(verdict: Verdict, file: string | null): string[] {
  const { fault, log, events, aged, heads, outside, sealedTo, logEnd } = verdict;
  if (log === null && fault === null) return ['Nothing was sealed yet: the service does it while it runs.'];
  const gone = aged === 0 ? '' : ` Gone because they are kept no longer: ${aged}.`;
  const compared = file === null ? 'none was handed out' : `compared with ${file}: ${outside}`;
  return [
    `Log ${log ?? 'without a key'}, which ends at ${logEnd}, sealed up to ${sealedTo}.`,
    `Events that were read: ${events}.${gone}`,
    `Signed heads, each of which names the one before: ${heads}; ${compared}.`,
    ...(fault === null
      ? ['Everything is as it was sealed.']
      : [`${fault.kind}${fault.position === null ? '' : ` at position ${fault.position}`}`]),
  ];
}
