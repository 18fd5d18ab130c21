import type { StreamName } from '#domain/ids.js';
import type { Appended } from './event-store.js';

/** Follows appends beyond the process (W3C Trace Context). */
export interface AppendTracer {
  /** Undefined if nobody follows what it belongs to. */
  begin(stream: StreamName, types: readonly string[]): TracedAppend | undefined;
}

/** One append that is followed. */
export interface TracedAppend {
  /** Stored with the events, so that those who read them can go on. */
  readonly traceparent: string;
  succeeded(appended: Appended): void;
  failed(error: unknown): void;
}
