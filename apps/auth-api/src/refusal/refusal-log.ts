import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RECORDED_REFUSALS } from '#domain/refusal/recorded-refusals.js';
import { type RequestRefused, refusals, refusalsStream } from '#domain/refusal/refusal.js';
import { Refused } from '#domain/refused.js';
import { Repository } from '#event-store/repository.js';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { VaultUnreadable } from '#vault/vault.js';
import { type RefusedRequest, RefusalWindows, type Tally } from './refusal-windows.js';
import { sourceOf } from './whereabouts.js';

/** How soon a minute that is over is recorded, and what the log could not take is tried again. */
const LOOK_EVERY_MS = 1_000;

/** So many events wait for a log that takes none, some minutes of a flood; beyond them refusals are counted as unrecorded. */
export const MOST_WAITING = 5_000;

/** Whether there is no key to seal with. No rule refuses a fact, so whatever is refused here is the key. */
const isOfKey = (error: unknown) => error instanceof VaultUnreadable || error instanceof Refused;

/**
 * Records refused requests, beside their answers: nobody waits for it, and no answer fails by it. Of a process that is killed the
 * last minute is lost, but for the first refusals of each kind.
 */
@Injectable()
export class RefusalLog implements OnApplicationBootstrap {
  private readonly windows = new RefusalWindows();
  /** Names the stream: no other process writes into it. */
  private readonly writer = randomUUID();
  private readonly waiting: Tally[] = [];
  private writing: Promise<void> | null = null;
  private isLost = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: Repository,
    private readonly digest: IdentifierDigest,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  /** Returns at once. */
  note(request: RefusedRequest): void {
    this.keep(this.windows.count(request, this.clock.now()));
    if (!this.isLost) void this.write();
  }

  /** Records the minutes that are over, and what has waited for the log. */
  async look(): Promise<void> {
    this.keep(this.windows.over(this.clock.now()));
    await this.write();
  }

  /** Records what was counted up to now, if the log takes it. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    this.keep(this.windows.close());
    await this.write();
    const refusals = this.waiting.splice(0).reduce((total, { count }) => total + count, 0);
    if (refusals === 0) return;
    this.metrics.refusalsUnrecorded.inc(refusals);
    this.log.error({ refusals }, 'refused requests were not recorded');
  }

  private keep(tallies: readonly Tally[]): void {
    for (const { request, count } of tallies)
      if (request.saml !== null) {
        const { saml, code, correlationId } = request;
        this.log.info({ ...saml, code, count, correlationId }, 'messages of identity providers were refused');
      }
    for (const tally of tallies)
      if (this.waiting.length < MOST_WAITING) this.waiting.push(tally);
      else this.metrics.refusalsUnrecorded.inc(tally.count);
  }

  private async write(): Promise<void> {
    if (this.writing === null && this.waiting.length > 0) this.writing = this.writeInTurn();
    await this.writing;
  }

  /** Oldest first. What the log does not take stays where it is. */
  private async writeInTurn(): Promise<void> {
    try {
      for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
        await this.record(next);
        this.waiting.shift();
        if (this.isLost) this.log.info({}, 'refused requests are recorded again');
        this.isLost = false;
      }
    } catch (error) {
      if (!this.isLost) this.log.error({ error }, 'refused requests cannot be recorded, and wait');
      this.isLost = true;
    } finally {
      this.writing = null;
    }
  }

  private async record(tally: Tally): Promise<void> {
    const refusal = this.refusalOf(tally);
    try {
      await this.append(tally, refusal);
    } catch (error) {
      if (!isOfKey(error) || refusal.ipAddress === null) throw error;
      // The caller was erased meanwhile: that something was refused is kept, and what would be sealed is left out.
      await this.append(tally, { ...refusal, ipAddress: null });
    }
  }

  private async append({ request, commandId, lastAt }: Tally, refusal: RequestRefused): Promise<void> {
    const { actor, correlationId } = request;
    // With a fingerprint the stream knows the command again: what is tried twice is recorded once.
    const context = { ...actor, commandId, fingerprint: commandId, correlationId, now: lastAt };
    const stream = refusalsStream(refusal.lastAt, this.writer);
    await this.repository.execute(refusals, stream, { type: 'RecordRefusal', refusal }, context);
  }

  private refusalOf({ request, count, firstAt, lastAt }: Tally): RequestRefused {
    const { code, call, actor, userId, identifierDigest, saml } = request;
    return {
      kind: RECORDED_REFUSALS[code].kind,
      code,
      call,
      count,
      firstAt: firstAt.toISOString(),
      lastAt: lastAt.toISOString(),
      userId,
      isAuthenticated: actor.actorKind !== 'anonymous',
      identifierDigest,
      ...(saml === null ? {} : { saml }),
      ...sourceOf(request, this.digest),
    };
  }
}
