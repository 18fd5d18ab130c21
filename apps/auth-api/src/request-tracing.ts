import type { FastifyInstance } from 'fastify';
import type { RequestTracer, TracedRequest } from '#host/tracing.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined if it is not traced. */
    traced?: TracedRequest | undefined;
  }
}

/** What watches the service asks all the time, and would be most of what is traced. */
const NOT_WORTH_IT = /^\/(?:health\/|metrics$)/;

/** Follows every request from its headers to its answer. */
export function traceRequests(server: FastifyInstance, tracer: RequestTracer): void {
  server.decorateRequest('traced', undefined);
  server.addHook('onRequest', (request, _reply, done) => {
    const { method, headers, routeOptions } = request;
    const route = routeOptions.url ?? 'unknown';
    const traceparent = headers['traceparent'];
    if (!NOT_WORTH_IT.test(route))
      request.traced = tracer.begin(method, route, typeof traceparent === 'string' ? traceparent : undefined);
    done();
  });
  // Not before: what is read from the socket in between runs in the socket's context.
  server.addHook('preHandler', ({ traced }, _reply, done) => {
    if (traced === undefined) done();
    else traced.run(done);
  });
  server.addHook('onResponse', ({ traced }, reply, done) => {
    traced?.end(reply.statusCode);
    done();
  });
}
