import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import { type StreamName, categoryOf } from '#domain/ids.js';
import { RETENTION } from '#domain/retention.js';
import {
  type Appended,
  AppendOutcomeUnknown,
  ConcurrencyConflict,
  type EventStore,
  type ExpectedRevision,
  type LogSlice,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type SubscriptionOptions,
  StoreUnavailable,
  demandEvents,
  serialise,
} from '../event-store.js';
import { Signal } from '../signal.js';
import type {
  AgedPlace,
  AppendBatch,
  AppendReply,
  AppendRequest,
  BatchReply,
  Removal,
  RemovalReply,
} from './append-worker.js';
import { openLogFile, openLogReader } from './log-file.js';

// A thread cannot be started from TypeScript: tests, which run on the sources, start the built one as well.
const APPEND_WORKER = createRequire(import.meta.url).resolve('#event-store/sqlite/append-worker.js');

/** How many events, or positions without one of interest, a slice of the log spans at most. */
const SLICE = 500;
/** How soon an append of another process is noticed. */
const NOTICE_MS = 20;
/** How long an append may take before its outcome counts as unknown. */
const APPEND_TIMEOUT_MS = 5_000;

interface Pending {
  readonly stream: StreamName;
  readonly expected: ExpectedRevision;
  readonly request: AppendRequest;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

interface EventRow {
  position: number;
  stream: string;
  revision: number;
  id: string;
  type: string;
  data: string;
  metadata: string;
  recorded_at: number;
}

const COLUMNS = 'position, stream, revision, id, type, data, metadata, recorded_at';

const asEvent = (row: EventRow): RecordedEvent => ({
  id: row.id,
  type: row.type,
  data: JSON.parse(row.data) as RecordedEvent['data'],
  metadata: JSON.parse(row.metadata) as RecordedEvent['metadata'],
  stream: row.stream,
  revision: row.revision,
  position: String(row.position) as Position,
  recordedAt: new Date(row.recorded_at),
});

/**
 * The log in one SQLite file, for any number of processes on one machine. A worker thread writes; appends that arrive
 * while it is busy go together in its next transaction.
 */
export class SqliteEventStore implements EventStore {
  private readonly reader: Database.Database;
  private readonly selectStream: Database.Statement<[string, number], EventRow>;
  private readonly selectEvent: Database.Statement<[string, number], EventRow>;
  private readonly selectHead: Database.Statement<[], number | null>;
  private readonly selectVersion: Database.Statement<[], number>;
  private readonly committed = new Signal();
  private readonly watch: NodeJS.Timeout;

  private writer: Worker | undefined;
  private pending: Pending[] = [];
  private inFlight: readonly Pending[] = [];
  private flushScheduled = false;
  private closing: Promise<void> | undefined;

  /** @throws LogFileUnusable */
  constructor(private readonly file: string) {
    openLogFile(file).close();
    this.reader = openLogReader(file);
    // The limit is part of the text: SQLite plans a statement anew whenever a limit is bound, which costs five times the read.
    this.selectStream = this.reader.prepare(
      `SELECT ${COLUMNS} FROM event WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ${SLICE}`,
    );
    this.selectEvent = this.reader.prepare(`SELECT ${COLUMNS} FROM event WHERE stream = ? AND revision = ?`);
    this.selectHead = this.reader.prepare<[], number | null>('SELECT max(position) FROM event').pluck();
    this.selectVersion = this.reader.prepare<[], number>('PRAGMA data_version').pluck();
    this.watch = this.watchOtherWriters();
  }

  async append(stream: StreamName, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    if (this.closing !== undefined) throw new StoreUnavailable('The event store is closed.');
    demandEvents(stream, events);
    const fields = events.map(serialise).flatMap(({ id, type, data, metadata }) => [id, type, data, metadata]);
    const expectedRevision = expected === 'no-stream' ? -1 : expected;
    const request = { stream, category: categoryOf(stream), expectedRevision, events: fields };
    return new Promise<Appended>((resolve, reject) => {
      this.pending.push({ stream, expected, request, resolve, reject });
      this.scheduleFlush();
    });
  }

  async *readStream(stream: StreamName, fromRevision: number): AsyncIterable<RecordedEvent> {
    let from = fromRevision;
    for (;;) {
      const rows = this.selectStream.all(stream, from);
      for (const row of rows) yield asEvent(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < SLICE) return;
      from = last.revision + 1;
    }
  }

  async readEvent(stream: StreamName, revision: number): Promise<RecordedEvent | undefined> {
    const row = this.selectEvent.get(stream, revision);
    return row && asEvent(row);
  }

  async *subscribeAll({ after, categories, signal }: SubscriptionOptions): AsyncIterable<LogSlice> {
    const wanted = categories === undefined ? '' : `AND category IN (${categories.map(() => '?').join(', ')})`;
    const select = this.reader.prepare<(string | number)[], EventRow>(
      `SELECT ${COLUMNS} FROM event WHERE position > ? AND position <= ? ${wanted} ORDER BY position`,
    );
    let through = Number(after);
    while (!signal.aborted) {
      const head = this.lastPosition();
      const end = Math.min(through + SLICE, head);
      const rows = select.all(through, end, ...(categories ?? []));
      through = Math.max(through, end);
      const caughtUp = through >= head;
      yield { events: rows.map(asEvent), through: String(through) as Position, caughtUp };
      // Reading is synchronous: whoever follows a long log would otherwise keep everyone else waiting.
      if (caughtUp) await this.committed.wait(signal, () => this.lastPosition() > through);
      else await nextTurn();
    }
  }

  async removeAged(signal: AbortSignal): Promise<number> {
    let removed = 0;
    for (const { category, days } of RETENTION) {
      let after: AgedPlace | null = { recordedAt: 0, position: 0 };
      while (after !== null && !signal.aborted && this.closing === undefined) {
        const some = await this.removeSome(category, days, after);
        removed += some.removed;
        after = some.next;
      }
    }
    return removed;
  }

  private async removeSome(category: string, days: number, after: AgedPlace) {
    const { port1, port2: replyTo } = new MessageChannel();
    const writer = (this.writer ??= this.startWriter());
    writer.postMessage({ category, days, after, replyTo } satisfies Removal, [replyTo]);
    try {
      // A thread that dies closes its end.
      const [reply] = (await Promise.race([once(port1, 'message'), once(port1, 'close')])) as [
        RemovalReply | undefined,
      ];
      if (reply === undefined) throw new StoreUnavailable('The thread that removes events ended.');
      if ('failure' in reply) throw new StoreUnavailable(reply.failure);
      return reply;
    } finally {
      port1.close();
    }
  }

  async head(): Promise<Position> {
    return String(this.lastPosition()) as Position;
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private lastPosition = () => this.selectHead.get() ?? 0;

  /** All appends of one turn of the event loop go together. */
  private scheduleFlush(): void {
    if (this.flushScheduled || this.inFlight.length > 0) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      if (this.inFlight.length === 0) this.flush();
    });
  }

  private flush(): void {
    if (this.pending.length === 0) return;
    const batch = this.pending;
    this.pending = [];
    this.inFlight = batch;
    const writer = (this.writer ??= this.startWriter());
    const timeout = setTimeout(() => {
      for (const { stream, reject } of batch)
        reject(new AppendOutcomeUnknown(`${stream} was not acknowledged within ${APPEND_TIMEOUT_MS} ms`));
    }, APPEND_TIMEOUT_MS);
    writer.once('message', (reply: BatchReply) => {
      clearTimeout(timeout);
      this.inFlight = [];
      if ('failure' in reply) for (const { reject } of batch) reject(new StoreUnavailable(reply.failure));
      else for (const [index, append] of batch.entries()) this.settle(append, reply.replies[index]);
      this.committed.notify();
      this.flush();
    });
    const message: AppendBatch = { appends: batch.map(({ request }) => request), recordedAt: Date.now() };
    writer.postMessage(message);
  }

  private settle({ stream, expected, resolve, reject }: Pending, reply: AppendReply | undefined): void {
    if (reply === undefined) reject(new AppendOutcomeUnknown(`${stream} was not acknowledged`));
    else if (reply.appended) resolve({ revision: reply.revision, position: String(reply.position) as Position });
    else
      reject(new ConcurrencyConflict(stream, expected, reply.actualRevision < 0 ? 'no-stream' : reply.actualRevision));
  }

  private startWriter(): Worker {
    const writer = new Worker(APPEND_WORKER, { workerData: this.file, name: 'append', execArgv: [] });
    writer.unref();
    writer.on('error', (cause) => this.loseWriter(writer, cause));
    writer.on('exit', () => this.loseWriter(writer, undefined));
    return writer;
  }

  /** The thread died in the middle of a batch: nobody knows whether it had committed. The next append starts a new one. */
  private loseWriter(writer: Worker, cause: unknown): void {
    if (this.writer !== writer) return;
    this.writer = undefined;
    const lost = this.inFlight;
    this.inFlight = [];
    for (const { stream, reject } of lost)
      reject(new AppendOutcomeUnknown(`The thread that appended to ${stream} ended`, { cause }));
    this.flush();
  }

  private watchOtherWriters(): NodeJS.Timeout {
    let seen = this.selectVersion.get();
    const look = () => {
      if (!this.committed.hasWaiters) return;
      const version = this.selectVersion.get();
      if (version === seen) return;
      seen = version;
      this.committed.notify();
    };
    return setInterval(look, NOTICE_MS).unref();
  }

  private async shutDown(): Promise<void> {
    clearInterval(this.watch);
    while (this.inFlight.length > 0 || this.pending.length > 0) await nextTurn();
    const writer = this.writer;
    this.writer = undefined;
    if (writer !== undefined) {
      writer.ref();
      const ended = new Promise((resolve) => writer.once('exit', resolve));
      writer.postMessage('close');
      await ended;
    }
    this.reader.close();
  }
}
