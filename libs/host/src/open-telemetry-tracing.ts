import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { StreamName } from '#domain/ids.js';
import type { AppendTracer, TracedAppend } from '#event-store/append-tracer.js';
import { ConcurrencyConflict, type LogSlice } from '#event-store/event-store.js';
import type { Projection } from '#read-models/projection.js';
import type { BatchTracer } from '#read-models/projector.js';
import type { Log } from './log.js';
import type { TracingSettings } from './tracing-settings.js';
import type { RequestTracer, TracedProgram, TracedRequest, Tracing } from './tracing.js';

const SEND_WITHIN_MS = 5_000;
const LAST_SENDING_MS = 2_000;
/** A collector that is away is said once in so long. */
const SAY_AGAIN_MS = 60_000;
const MAX_LINKS = 128;
const SERVER_ERROR = 500;

const NOT_TRACED: TracedRequest = { run: (work) => work(), end: () => undefined };

/**
 * Traces by OpenTelemetry. Attributes say what was done, never to whom: no address, no name, no id of an account or
 * session, no text of an error (SEC-160). Nothing is registered for the whole process.
 */
export class OpenTelemetryTracing implements Tracing {
  readonly requests: RequestTracer;
  readonly appends: AppendTracer;
  readonly batches: BatchTracer;
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  /** The request that is served; only of those that are traced. */
  private readonly current = new AsyncLocalStorage<Context>();

  constructor(
    { endpoint, sampling }: TracingSettings,
    program: TracedProgram,
    private readonly log: Log,
  ) {
    const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: SEND_WITHIN_MS });
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': program }),
      sampler: samplerOf(sampling),
      spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: SEND_WITHIN_MS })],
    });
    this.tracer = this.provider.getTracer('authlog');
    setGlobalErrorHandler(saidSeldom(log));
    this.requests = { begin: (method, route, traceparent) => this.beginRequest(method, route, traceparent) };
    this.appends = { begin: (stream, types) => this.beginAppend(stream, types) };
    this.batches = { begin: (projections, slices) => this.beginBatch(projections, slices) };
  }

  async stop(): Promise<void> {
    const limit = new AbortController();
    const sent = this.provider.shutdown().then(
      () => true,
      () => false,
    );
    const late = delay(LAST_SENDING_MS, false, { signal: limit.signal }).catch(() => false);
    if (!(await Promise.race([sent, late]))) this.log.warn({}, 'the last traces could not be sent');
    limit.abort();
  }

  private beginRequest(method: string, route: string, traceparent: string | undefined): TracedRequest {
    const caller = traceparent === undefined ? null : parseTraceParent(traceparent);
    const parent = caller === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true });
    const attributes = { 'http.request.method': method, 'http.route': route };
    const span = this.tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    if (!span.isRecording()) return NOT_TRACED;
    const context = trace.setSpan(ROOT_CONTEXT, span);
    return {
      run: (work) => this.current.run(context, work),
      end(status) {
        span.setAttribute('http.response.status_code', status);
        if (status >= SERVER_ERROR) fail(span, String(status));
        span.end();
      },
    };
  }

  private beginAppend(stream: StreamName, types: readonly string[]): TracedAppend | undefined {
    const parent = this.current.getStore();
    if (parent === undefined) return undefined;
    const [category = ''] = stream.split('-', 1);
    const attributes: Attributes = { 'authlog.stream.category': category, 'authlog.event.types': [...types] };
    const span = this.tracer.startSpan(`append ${category}`, { kind: SpanKind.PRODUCER, attributes }, parent);
    const { traceId, spanId } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-01`,
      succeeded({ revision, position }) {
        span.setAttributes({ 'authlog.stream.revision': revision, 'authlog.position': position });
        span.end();
      },
      failed(error) {
        // Another process was quicker, and it is decided again: nothing is wrong.
        if (error instanceof ConcurrencyConflict) span.setAttribute('error.type', error.name);
        else fail(span, error instanceof Error ? error.name : typeof error);
        span.end();
      },
    };
  }

  private beginBatch(projections: readonly Projection[], slices: readonly LogSlice[]) {
    const links = linksOf(slices);
    const [first] = links;
    if (first === undefined) return undefined;
    // Events of one trace go on in it; those of several begin one that is linked to each.
    const isOne = links.every(({ context }) => context.traceId === first.context.traceId);
    const parent = isOne ? trace.setSpanContext(ROOT_CONTEXT, first.context) : ROOT_CONTEXT;
    const attributes: Attributes = {
      'authlog.projections': projections.map(({ name }) => name),
      'authlog.events': slices.reduce((count, { events }) => count + events.length, 0),
      'authlog.position': slices.at(-1)?.through ?? '',
    };
    const span = this.tracer.startSpan('project', { kind: SpanKind.CONSUMER, attributes, links }, parent);
    return {
      succeeded: () => span.end(),
      failed(error: unknown) {
        fail(span, error instanceof Error ? error.name : typeof error);
        span.end();
      },
    };
  }
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The appends that are followed, each once. */
function linksOf(slices: readonly LogSlice[]): Link[] {
  const contexts = new Map<string, SpanContext>();
  for (const { events } of slices)
    for (const { metadata } of events) {
      const { traceparent } = metadata;
      if (traceparent === undefined || contexts.has(traceparent) || contexts.size === MAX_LINKS) continue;
      const context = parseTraceParent(traceparent);
      if (context !== null && (context.traceFlags & TraceFlags.SAMPLED) !== 0)
        contexts.set(traceparent, { ...context, isRemote: true });
    }
  return [...contexts.values()].map((context) => ({ context }));
}

/**
 * How many requests are traced is for the operator to say: a caller who does not trace is not traced, but one who does
 * cannot make more of them. What comes of a traced request is traced.
 */
function samplerOf(sampling: number): Sampler {
  const part = new TraceIdRatioBasedSampler(sampling);
  const requests = new ParentBasedSampler({ root: part, remoteParentSampled: part });
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) =>
      kind === SpanKind.CONSUMER
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : requests.shouldSample(context, traceId, name, kind, attributes, links),
    toString: () => `authlog(${requests.toString()})`,
  };
}

function saidSeldom(log: Log): (error: unknown) => void {
  let saidAt = -Infinity;
  return (error) => {
    if (performance.now() - saidAt < SAY_AGAIN_MS) return;
    saidAt = performance.now();
    log.warn({ error }, 'traces could not be sent');
  };
}
