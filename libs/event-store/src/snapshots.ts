/** A stream's state at a revision. A cache: ignored when it was folded by other rules, deleted at will. */
export interface Snapshot {
  readonly revision: number;
  /** The event at that revision: in another history, such as a restored back-up, it is another one. */
  readonly eventId: string;
  /** What folded it; another fold version cannot use it. */
  readonly foldVersion: string;
  /** Structured-clone bytes of the state. */
  readonly state: Uint8Array;
}

/** Keeps the newest snapshot of long streams. */
export interface Snapshots {
  read(stream: string): Snapshot | undefined;
  write(stream: string, snapshot: Snapshot): void;
  close(): void;
}
