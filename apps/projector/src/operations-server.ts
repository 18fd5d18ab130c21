import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '#host/metrics.js';
import { measureProjections } from '#host/projection-status.js';
import type { Readiness } from '#host/readiness.js';
import type { Settings } from '#host/settings.js';
import type { Stores } from '#host/stores.js';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** None of the questions has a body, and who asks is a probe. */
const WITHIN_MS = 5_000;
const MAX_HEADER_BYTES = 8_192;

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  text: JSON.stringify(body),
});
const NOT_FOUND = json(404, { status: 'not-found' });
const UNREADABLE = json(503, { status: 'not-ready', missing: ['the stores cannot be read'] });

/** What the operator asks a projector: `/health/live`, `/health/ready` and, where the settings say so, `/metrics`. */
export class OperationsServer {
  private readonly server: Server;

  constructor(
    private readonly settings: Settings,
    private readonly stores: Stores,
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
  ) {
    const limits = { requestTimeout: WITHIN_MS, headersTimeout: WITHIN_MS, maxHeaderSize: MAX_HEADER_BYTES };
    this.server = createServer(limits, (request, response) => void this.serve(request, response));
  }

  /** Its address; null if AUTHLOG_PROJECTOR_PORT names none. */
  async listen(): Promise<string | null> {
    const { host, projectorPort } = this.settings;
    if (projectorPort === null) return null;
    this.server.listen(projectorPort, host);
    await once(this.server, 'listening');
    const { address, port, family } = this.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async serve({ method = '', url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, text } = await this.answer(method, url).catch(() => UNREADABLE);
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : text);
  }

  private async answer(method: string, path: string): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'method-not-allowed' });
    switch (path) {
      case '/health/live':
        return json(200, { status: 'live' });
      case '/health/ready': {
        const missing = await this.readiness.missing();
        return missing.length === 0 ? json(200, { status: 'ready' }) : json(503, { status: 'not-ready', missing });
      }
      case '/metrics': {
        if (!this.settings.operations.metrics) return NOT_FOUND;
        await measureProjections(this.metrics, this.stores);
        const { registry } = this.metrics;
        return { status: 200, type: registry.contentType, text: await registry.metrics() };
      }
      default:
        return NOT_FOUND;
    }
  }
}
