import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import multipart, { type MultipartFile, type MultipartValue } from '@fastify/multipart';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Log } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { Settings } from '#host/settings.js';
import { Tracing } from '#host/tracing.js';
import { serveApiDescription } from './api-description.js';
import { passport } from './access/run-strategy.js';
import { BadRequest } from './bad-request.js';
import { parseJsonBody } from './json-body.js';
import { correlationIdOf } from './request-context.js';
import { RouteMethods } from './route-methods.js';
import { traceRequests } from './request-tracing.js';
import { CONSISTENCY_TOKEN, Consistency } from './surfaces/ucloud/consistency.js';
import type { ErrorBody, ErrorCode } from './surfaces/ucloud/errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The call is posted by a form, all others take JSON only (SEC-121); `urlencoded` by no other kind of form. */
    form?: boolean | 'urlencoded';
    /** For a call that has to take more than others. */
    maxBodyBytes?: number;
  }
}

/** SEC-128: limits that hold before anything is parsed. */
const MAX_BODY_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;
const MAX_URL_LENGTH = 8_192;
const HEADERS_WITHIN_MS = 10_000;
const BODY_WITHIN_MS = 30_000;
const LOOK_FOR_SLOW_ONES_MS = 1_000;
/** How long connections that are in use, if there are any, have to ask once more before the others are closed. */
const LAST_ANSWERS_MS = 250;
const MAX_FORM_FIELDS = 10;

const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** Only the page that shows the API description may run anything. */
const DOCS_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** What keeps browsers from misusing an answer (SEC-123); overridden where an answer means it. */
const HEADERS = {
  'Cache-Control': 'no-store, private',
  Pragma: 'no-cache',
  'Content-Security-Policy': API_POLICY,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const HEADER_ENTRIES = Object.entries(HEADERS);

export function createHttpAdapter(settings: Settings): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: BODY_WITHIN_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_WITHIN_MS,
      connectionsCheckingInterval: LOOK_FOR_SLOW_ONES_MS,
    },
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: false },
    genReqId: () => randomUUID(),
    frameworkErrors: answerUrlError,
    clientErrorHandler: answerClientError,
    multipart: false,
    // Until the last connection has ended, what it asks is answered.
    return503OnClosing: false,
    skipMiddie: true,
  });
}

/** What every request goes through before a controller sees it. */
export async function prepareHttp(app: NestFastifyApplication): Promise<void> {
  const settings = app.get(Settings);
  const metrics = app.get(Metrics);
  const log = app.get(Log);
  const consistency = app.get(Consistency);
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  app.get(RouteMethods).watch(server);
  server.addHook('onRoute', (route) => {
    const { maxBodyBytes } = route.config ?? {};
    if (maxBodyBytes !== undefined) route.bodyLimit = maxBodyBytes;
  });
  const { requests } = app.get(Tracing);
  if (requests !== null) traceRequests(server, requests);
  server.addHook('onRequest', async (request, reply) => {
    void reply.header('Job-Id', correlationIdOf(request));
    if (request.routeOptions.url?.startsWith('/docs')) void reply.header('Content-Security-Policy', DOCS_POLICY);
    demandAcceptable(request);
  });
  // From then on every answer is the last one of its connection; what is on its way still gets one.
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
    if (server.server.listening) await delay(LAST_ANSWERS_MS);
  });
  // At the end, so that answers of the framework's own, such as those to preflights, have them, too.
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) void reply.header('Connection', 'close');
    if (reply.position !== undefined) void reply.header(CONSISTENCY_TOKEN, consistency.tokenOf(reply.position));
    for (const [name, value] of HEADER_ENTRIES) if (!reply.hasHeader(name)) void reply.header(name, value);
  });
  server.addHook('onResponse', async (request: FastifyRequest, reply: FastifyReply) => {
    const route = request.routeOptions.url ?? 'unknown';
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1_000);
    if (log.level === 'debug')
      log.debug({ correlationId: correlationIdOf(request), ...labels, ms: reply.elapsedTime }, 'answered');
  });
  await acceptBodies(server);
  server.decorateReply('position');
  // All that running a strategy needs of passport's plugin; the rest of it demands sessions of its own kind.
  server.decorateRequest('passport', { getter: () => passport });
  app.enableCors({
    origin: [...settings.trustedOrigins],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    strictPreflight: false,
    exposedHeaders: [CONSISTENCY_TOKEN, 'Retry-After'],
  });
  if (settings.operations.docs) serveApiDescription(app, settings);
}

function demandAcceptable({ url, headers, routeOptions }: FastifyRequest): void {
  if (url.length > MAX_URL_LENGTH)
    throw new BadRequest('url-too-long', `The address is longer than ${MAX_URL_LENGTH} characters.`);
  const type = headers['content-type'];
  if (type === undefined || routeOptions.url === undefined) return;
  const { form = false } = routeOptions.config;
  const accepted = form === 'urlencoded' ? [URLENCODED] : form ? FORM_TYPES : [];
  const [mediaType = ''] = type.split(';');
  const sent = FORM_TYPES.find((each) => each === mediaType.trim().toLowerCase());
  const isAccepted = sent === undefined ? accepted.length === 0 : accepted.includes(sent);
  if (isAccepted) return;
  const wanted = accepted.length === 0 ? 'JSON as application/json' : `a form: ${accepted.join(' or ')}`;
  throw new BadRequest('content-type-unsupported', `Send ${wanted}.`);
}

const URLENCODED = 'application/x-www-form-urlencoded';
const FORM_TYPES: readonly string[] = [URLENCODED, 'multipart/form-data'];

/** @throws BadRequest */
function textOf(body: string | Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(body));
  } catch {
    throw new BadRequest('body-invalid', 'The body is not UTF-8.');
  }
}

async function acceptBodies(server: FastifyInstance): Promise<void> {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(textOf(body)));
    } catch (error) {
      done(error as Error);
    }
  });
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, formOf(new URLSearchParams(textOf(body))));
    } catch (error) {
      done(error as Error);
    }
  });
  await server.register(multipart, {
    limits: {
      fields: MAX_FORM_FIELDS,
      files: 0,
      parts: MAX_FORM_FIELDS,
      fieldSize: MAX_BODY_BYTES,
      fieldNameSize: 100,
    },
  });
  server.addHook('preValidation', async (request) => {
    if (request.isMultipart()) request.body = formOf(await fieldsOf(request.parts()));
  });
}

/** @throws BadRequest if the form is cut off or malformed, too large, or has files */
async function fieldsOf(parts: AsyncIterable<MultipartValue | MultipartFile>): Promise<[string, string][]> {
  try {
    const fields: [string, string][] = [];
    for await (const part of parts) {
      if (part.type === 'file') throw new Error('files are not expected');
      fields.push([part.fieldname, String(part.value)]);
    }
    return fields;
  } catch {
    throw new BadRequest('body-invalid', 'The form is not well-formed, too large, or has files.');
  }
}

/** A field that is given more than once becomes a list, so that no rule takes the first or the last for the only one. */
function formOf(fields: Iterable<readonly [string, string]>): Record<string, string | string[]> {
  const form = new Map<string, string | string[]>();
  for (const [name, value] of fields) {
    const before = form.get(name);
    form.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(form);
}

/** Addresses that the router cannot read never become requests of the framework either. */
function answerUrlError(error: { readonly code: string }, _request: unknown, reply: FastifyReply): void {
  const tooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const body: ErrorBody = tooLong
    ? { why: 'A part of the address is too long.', errorCode: 'url-too-long' }
    : { why: 'The address is not well-formed.', errorCode: 'url-invalid' };
  void reply
    .headers(HEADERS)
    .status(tooLong ? 414 : 400)
    .send(body);
}

/** Requests that are not even HTTP, or whose headers are too large, never become requests of the framework. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const [status, errorCode, why]: readonly [string, ErrorCode, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          '431 Request Header Fields Too Large',
          'headers-too-large',
          `The headers are larger than ${MAX_HEADER_BYTES} bytes.`,
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'request-timeout', 'The request did not arrive in time.']
        : ['400 Bad Request', 'request-invalid', 'The request is not well-formed HTTP.'];
  const body = JSON.stringify({ why, errorCode } satisfies ErrorBody);
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...HEADER_ENTRIES.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
