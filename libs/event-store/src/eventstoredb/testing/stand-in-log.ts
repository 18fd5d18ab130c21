/** An event as the stand-in keeps it: what it is about is bytes to a server. */
export interface StoredRecord {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly position: bigint;
  readonly metadata: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
  readonly customMetadata: Uint8Array;
}

export type ProposedRecord = Pick<StoredRecord, 'id' | 'metadata' | 'data' | 'customMetadata'>;

/** What a writer expects of a stream: its last revision, that it is not there, or nothing. */
export type Expected = bigint | 'no-stream' | 'any' | 'stream-exists';

export type AppendAnswer =
  | { readonly kind: 'success'; readonly revision: number; readonly position: bigint }
  | { readonly kind: 'wrong-version'; readonly actual: number }
  /** Some of the events are there already, and others follow them. */
  | { readonly kind: 'corrupted-idempotency' };

// .NET counts the time in steps of 100 ns since the year 1, and the protocol since 1970.
const TICKS_PER_MS = 10_000n;
/** Positions of a real server are places in a file: they grow by more than one. */
const FRAMING_BYTES = 101;

/** The log of the stand-in, by the rules of KurrentDB's index writer. */
export class StandInLog {
  private readonly records: StoredRecord[] = [];
  private readonly streams = new Map<string, StoredRecord[]>();
  private readonly followers = new Set<() => void>();
  private end = 1_000n;

  constructor() {
    // A new server is not empty.
    this.write('$users', [systemEvent()]);
  }

  append(stream: string, expected: Expected, events: readonly ProposedRecord[]): AppendAnswer {
    const existing = this.streams.get(stream) ?? [];
    const last = existing.length - 1;
    const exact = typeof expected === 'bigint' ? Number(expected) : expected === 'no-stream' ? -1 : null;
    if (exact === null ? expected === 'stream-exists' && last < 0 : exact > last)
      return { kind: 'wrong-version', actual: last };
    if (exact !== null && exact < last) {
      const same = events.findIndex(({ id }, index) => existing[exact + 1 + index]?.id !== id);
      if (same === 0) return { kind: 'wrong-version', actual: last };
      const stored = existing[exact + events.length];
      if (same > 0 || stored === undefined) return { kind: 'corrupted-idempotency' };
      return { kind: 'success', revision: stored.revision, position: stored.position };
    }
    const written = this.write(stream, events);
    return { kind: 'success', revision: written.revision, position: written.position };
  }

  readStream(stream: string): readonly StoredRecord[] {
    return this.streams.get(stream) ?? [];
  }

  get all(): readonly StoredRecord[] {
    return this.records;
  }

  /** The index of the first record at or after a position. */
  indexOf(position: bigint): number {
    let [low, high] = [0, this.records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.records[middle]?.position ?? 0n) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Calls back after every append; returns how to stop it. */
  follow(appended: () => void): () => void {
    this.followers.add(appended);
    return () => this.followers.delete(appended);
  }

  private write(stream: string, events: readonly ProposedRecord[]): StoredRecord {
    const existing = this.streams.get(stream) ?? [];
    this.streams.set(stream, existing);
    const created = String(BigInt(Date.now()) * TICKS_PER_MS);
    for (const { id, metadata, data, customMetadata } of events) {
      const record: StoredRecord = {
        stream,
        revision: existing.length,
        id,
        position: this.end,
        metadata: new Map([...metadata, ['created', created]]),
        data,
        customMetadata,
      };
      this.end += BigInt(FRAMING_BYTES + data.length + customMetadata.length);
      existing.push(record);
      this.records.push(record);
    }
    for (const appended of this.followers) appended();
    const last = existing.at(-1);
    if (last === undefined) throw new Error('an append of nothing');
    return last;
  }
}

const systemEvent = (): ProposedRecord => ({
  id: '00000000-0000-4000-8000-000000000001',
  metadata: new Map([
    ['type', '$UserCreated'],
    ['content-type', 'application/json'],
  ]),
  data: Buffer.from('{}'),
  customMetadata: new Uint8Array(),
});
