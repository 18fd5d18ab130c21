import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AGEING, LOOKED_AT_TOGETHER, openLogFile } from './log-file.js';

/**
 * The thread that writes the log. Waiting for the disk happens here, and all appends that came together share one
 * transaction and so one fsync.
 */

/** One append: what the stream should be at (-1: no stream), and its events as id, type, data, metadata. */
export interface AppendRequest {
  readonly stream: string;
  readonly category: string;
  readonly expectedRevision: number;
  readonly events: readonly string[];
}

export interface AppendBatch {
  readonly appends: readonly AppendRequest[];
  /** Epoch milliseconds. */
  readonly recordedAt: number;
}

export type AppendReply =
  | { readonly appended: true; readonly revision: number; readonly position: number }
  | { readonly appended: false; readonly actualRevision: number };

export type BatchReply = { readonly replies: readonly AppendReply[] } | { readonly failure: string };

/** Looks at some of what has aged of a category, in the order of its age, and says to the port what came of it. */
export interface Removal {
  readonly category: string;
  readonly days: number;
  /** Behind the last one that was looked at. */
  readonly after: AgedPlace;
  readonly replyTo: MessagePort;
}

export interface AgedPlace {
  /** Epoch milliseconds. */
  readonly recordedAt: number;
  readonly position: number;
}

/** How many were removed, and where it goes on; null at the end. */
export type RemovalReply = { readonly removed: number; readonly next: AgedPlace | null } | { readonly failure: string };

const FIELDS = 4;

const port = parentPort;
if (port === null) throw new Error('append-worker runs as a worker thread only');

const db = openLogFile(String(workerData));
const selectLast = db.prepare<[string], number>('SELECT max(revision) FROM event WHERE stream = ?').pluck();
const selectRange = db.prepare<[string, number, number], { id: string; position: number }>(
  'SELECT id, position FROM event WHERE stream = ? AND revision BETWEEN ? AND ? ORDER BY revision',
);
const insert = db.prepare(
  'INSERT INTO event (stream, category, revision, id, type, data, metadata, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
);

function append({ stream, category, expectedRevision, events }: AppendRequest, recordedAt: number): AppendReply {
  const actualRevision = selectLast.get(stream) ?? -1;
  const count = events.length / FIELDS;
  if (actualRevision !== expectedRevision) {
    // The same events again, because the first answer was lost?
    const stored = selectRange.all(stream, expectedRevision + 1, expectedRevision + count);
    const last = stored.at(-1);
    const same = stored.length === count && stored.every(({ id }, index) => id === events[index * FIELDS]);
    if (last !== undefined && same)
      return { appended: true, revision: expectedRevision + count, position: last.position };
    return { appended: false, actualRevision };
  }
  let position = 0;
  for (let index = 0; index < count; index += 1) {
    const [id, type, data, metadata] = events.slice(index * FIELDS, (index + 1) * FIELDS);
    const revision = expectedRevision + 1 + index;
    position = Number(insert.run(stream, category, revision, id, type, data, metadata, recordedAt).lastInsertRowid);
  }
  return { appended: true, revision: expectedRevision + count, position };
}

const commit = db.transaction(({ appends, recordedAt }: AppendBatch) =>
  appends.map((request) => append(request, recordedAt)),
);

// The last event of a stream says what its next revision is.
const selectAged = db.prepare<unknown[], AgedPlace & { readonly isLast: number }>(
  `SELECT recorded_at AS recordedAt, position,
     NOT EXISTS (SELECT 1 FROM event WHERE stream = old.stream AND revision > old.revision) AS isLast
   FROM event AS old
   WHERE category IN (${AGEING}) AND category = ? AND recorded_at < 1000 * (unixepoch() - ?)
     AND (recorded_at, position) > (?, ?)
   ORDER BY recorded_at, position LIMIT ${LOOKED_AT_TOGETHER}`,
);
const remove = db.prepare<[number]>('DELETE FROM event WHERE position = ?');

const removeAged = db.transaction(({ category, days, after }: Removal): RemovalReply => {
  const aged = selectAged.all(category, days * 86_400, after.recordedAt, after.position);
  const removed = aged.filter(({ isLast }) => isLast === 0);
  for (const { position } of removed) remove.run(position);
  const last = aged.length < LOOKED_AT_TOGETHER ? undefined : aged.at(-1);
  return { removed: removed.length, next: last ?? null };
});

/** Rolled back as a whole when it fails: nothing of it has happened. */
function attempt<Reply>(work: () => Reply): Reply | { readonly failure: string } {
  try {
    return work();
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

port.on('message', (message: AppendBatch | Removal | 'close') => {
  if (message === 'close') {
    db.close();
    port.close();
    return;
  }
  if ('replyTo' in message) message.replyTo.postMessage(attempt(() => removeAged.immediate(message)));
  else port.postMessage(attempt((): BatchReply => ({ replies: commit.immediate(message) })));
});
