import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseLost } from '#database/database-lost.js';
import { STEP_UP_MS } from '#domain/access/access.js';
import { isRecorded } from '#domain/refusal/recorded-refusals.js';
import { AppendOutcomeUnknown, StoreUnavailable } from '#event-store/event-store.js';
import { Log } from '#host/log.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { RefusalLog } from '../../refusal/refusal-log.js';
import { RouteMethods } from '../../route-methods.js';
import { correlationIdOf } from '../../request-context.js';
import { type ErrorAnswer, type ErrorBody, answerTo } from './errors.js';
import { refusedRequest } from './refused-request.js';

const INTERNAL: ErrorAnswer = {
  status: 500,
  body: { why: 'Something went wrong on our side. It was recorded.', errorCode: 'internal' },
};

/** What the client has to show; RFC 9470 §3 where it is a newer login. */
const challengeOf = ({ errorCode }: ErrorBody) =>
  errorCode === 'step-up-required'
    ? `Bearer error="insufficient_user_authentication", max_age="${STEP_UP_MS / 1_000}"`
    : 'Bearer';

/** The client may try again; the operator has to look at the disk or the server. */
const isFaultOfStore = (error: unknown) =>
  error instanceof StoreUnavailable || error instanceof AppendOutcomeUnknown || isDatabaseLost(error);

/** The one place where errors become answers; refusals that matter are noted here, and what nobody expected is logged, once. */
@Catch()
export class UcloudErrorFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteMethods,
    private readonly log: Log,
    private readonly refusals: RefusalLog,
    private readonly digest: IdentifierDigest,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const answer = this.answer(error, request, reply);
    const { status, body, retryAfterSeconds } = answer;
    const { errorCode } = body;
    if (isRecorded(errorCode)) this.refusals.note(refusedRequest(request, errorCode, error, this.digest));
    if (status === 401) void reply.header('WWW-Authenticate', challengeOf(body));
    if (retryAfterSeconds !== undefined) void reply.header('Retry-After', String(retryAfterSeconds));
    this.send(answer, request, reply);
  }

  protected send({ status, body }: ErrorAnswer, _request: FastifyRequest, reply: FastifyReply): void {
    void reply.status(status).type('application/json; charset=utf-8').send(body);
  }

  private answer(error: unknown, request: FastifyRequest, reply: FastifyReply): ErrorAnswer {
    if (error instanceof NotFoundException) return this.noRoute(request, reply);
    const expected = answerTo(error);
    if (expected !== undefined && !isFaultOfStore(error)) return expected;
    const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    this.log.error({ error, route, correlationId: correlationIdOf(request) }, 'a request failed');
    return expected ?? INTERNAL;
  }

  private noRoute({ method, url }: FastifyRequest, reply: FastifyReply): ErrorAnswer {
    const allowed = this.routes.of(url);
    if (allowed.length === 0)
      return { status: 404, body: { why: 'There is no such call; see /openapi.json.', errorCode: 'route-unknown' } };
    void reply.header('Allow', allowed.join(', '));
    const why = `${method} is not a method of this call; it has ${allowed.join(', ')}.`;
    return { status: 405, body: { why, errorCode: 'method-not-allowed' } };
  }
}
