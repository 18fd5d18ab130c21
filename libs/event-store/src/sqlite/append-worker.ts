import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { REMOVED_TOGETHER, isAged, openLogFile } from './log-file.js';

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

/** Removes some of what has aged, and says to the port how much. */
export interface Removal {
  readonly removedTo: MessagePort;
}

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
const removeAged = db.prepare(`DELETE FROM event WHERE position IN (
  SELECT position FROM event AS old WHERE ${isAged('old')}
    AND EXISTS (SELECT 1 FROM event WHERE stream = old.stream AND revision > old.revision)
  LIMIT ${REMOVED_TOGETHER})`);

port.on('message', (message: AppendBatch | Removal | 'close') => {
  if (message === 'close') {
    db.close();
    port.close();
    return;
  }
  if ('removedTo' in message) {
    message.removedTo.postMessage(removeAged.run().changes);
    return;
  }
  let reply: BatchReply;
  try {
    reply = { replies: commit.immediate(message) };
  } catch (error) {
    // Rolled back as a whole: nothing of the batch is in the log.
    reply = { failure: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
});
