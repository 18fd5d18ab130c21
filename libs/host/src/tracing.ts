import type { AppendTracer } from '#event-store/append-tracer.js';
import type { BatchTracer } from '#read-models/projector.js';
import type { Log } from './log.js';
import type { Settings } from './settings.js';

/** Follows requests. */
export interface RequestTracer {
  /** @param traceparent of the caller (W3C Trace Context), as it came */
  begin(method: string, route: string, traceparent: string | undefined): TracedRequest;
}

/** A request that may be followed. */
export interface TracedRequest {
  /** What is begun in here belongs to the request. */
  run(work: () => void): void;
  end(status: number): void;
}

/** What is followed through the service and beyond; each is null unless the settings name a collector. */
export abstract class Tracing {
  abstract readonly requests: RequestTracer | null;
  abstract readonly appends: AppendTracer | null;
  abstract readonly batches: BatchTracer | null;
  /** Sends what is left, and gives up after a moment. */
  abstract stop(): Promise<void>;
}

export const NO_TRACING: Tracing = {
  requests: null,
  appends: null,
  batches: null,
  async stop() {},
};

/** Which program says it. */
export type TracedProgram = 'authlog-api' | 'authlog-projector';

/** Only who traces loads what it takes. */
export async function startTracing({ tracing }: Settings, program: TracedProgram, log: Log): Promise<Tracing> {
  if (tracing === null) return NO_TRACING;
  const { OpenTelemetryTracing } = await import('./open-telemetry-tracing.js');
  return new OpenTelemetryTracing(tracing, program, log);
}
