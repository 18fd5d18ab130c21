import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const FAST = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What the process measures of itself, for Prometheus. No label tells who anybody is. */
export class Metrics {
  readonly registry = new Registry();
  readonly requestSeconds = new Histogram({
    name: 'authlog_http_request_seconds',
    help: 'Time from a request to its answer, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: FAST,
    registers: [this.registry],
  });
  readonly appendSeconds = new Histogram({
    name: 'authlog_append_seconds',
    help: 'Time until the log has taken events durably.',
    buckets: FAST,
    registers: [this.registry],
  });
  readonly appendConflicts = new Counter({
    name: 'authlog_append_conflicts_total',
    help: 'Commands that had to be decided again because another process was quicker.',
    registers: [this.registry],
  });
  readonly logReconnects = new Counter({
    name: 'authlog_log_reconnects_total',
    help: 'Subscriptions to the event log that ended without being told to, and began again.',
    registers: [this.registry],
  });
  readonly appendFailures = new Counter({
    name: 'authlog_append_failures_total',
    help: 'Appends that the log could not take, or of which it is not known; each try counts.',
    registers: [this.registry],
  });
  readonly snapshotFailures = new Counter({
    name: 'authlog_snapshot_failures_total',
    help: 'Snapshots that could not be read or written; the log was read instead.',
    registers: [this.registry],
  });
  readonly mails = new Counter({
    name: 'authlog_mails_total',
    help: 'Mails that were handed over or given up, and failed tries.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly breachChecks = new Counter({
    name: 'authlog_breach_checks_total',
    help: 'Chosen passwords that were looked up among breached ones, by what was found.',
    labelNames: ['finding'],
    registers: [this.registry],
  });
  readonly budgetStoreFailures = new Counter({
    name: 'authlog_budget_store_failures_total',
    help: 'Times that the counters of guesses could not be read or written; the process counted for itself, more strictly.',
    registers: [this.registry],
  });
  readonly refusalsUnrecorded = new Counter({
    name: 'authlog_refusals_unrecorded_total',
    help: 'Refused requests that were to be recorded and are not, because the log took nothing for too long.',
    registers: [this.registry],
  });
  readonly projectionPosition = new Gauge({
    name: 'authlog_projection_position',
    help: 'The position of the log that a projection has come to.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly projectionLagEvents = new Gauge({
    name: 'authlog_projection_lag_events',
    help: 'How many positions of the log a projection is behind.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly projectionLagSeconds = new Gauge({
    name: 'authlog_projection_lag_seconds',
    help: 'How old the last event is that a projection has considered, while it is behind; else 0.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly projectionEvents = new Counter({
    name: 'authlog_projection_events_total',
    help: 'Events applied by a projection.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly projectionFailures = new Counter({
    name: 'authlog_projection_failures_total',
    help: 'Failed tries to apply a slice of the log.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly projectionPaused = new Gauge({
    name: 'authlog_projection_paused',
    help: 'Whether operators let a projection stand still.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly projectionParked = new Gauge({
    name: 'authlog_projection_parked_events',
    help: 'Events that a projection could not apply, and those that wait behind them.',
    labelNames: ['projection'],
    registers: [this.registry],
  });
  readonly sealedPosition = new Gauge({
    name: 'authlog_sealed_position',
    help: 'The position of the log up to which a head was signed.',
    registers: [this.registry],
  });
  readonly sealingLagSeconds = new Gauge({
    name: 'authlog_sealing_lag_seconds',
    help: 'How old the last head is while there is something that it does not seal; else 0.',
    registers: [this.registry],
  });
  readonly sealingFailures = new Counter({
    name: 'authlog_sealing_failures_total',
    help: 'Failed tries to make leaves of the log or to sign heads; nobody is served worse.',
    registers: [this.registry],
  });
  readonly headDeliveryFailures = new Counter({
    name: 'authlog_head_delivery_failures_total',
    help: 'Failed tries to hand a signed head to a place outside.',
    labelNames: ['sink'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A value that is looked up when the metrics are asked for. */
  watch(name: string, help: string, value: () => number): void {
    this.registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value());
        },
      }),
    );
  }
}
