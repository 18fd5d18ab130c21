import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import { type HubResponse, hubResponse } from '#saml/testing/hub-response.js';

type Person = Partial<Omit<HubResponse, 'requestId' | 'now'>>;

/** Whom it says things to. */
interface Party {
  readonly entityId: string;
  readonly assertionConsumerUrl: string;
}

/** An identity provider on a site of its own, with a page that people log in on. */
export class IdentityProvider {
  /** Whoever it is that logs in next. */
  person: Person = {};

  private constructor(
    private readonly server: Server,
    readonly entityId: string,
    /** Where people are sent, without the query. */
    readonly url: string,
    private readonly party: () => Party,
  ) {}

  /** @param party who it answers; asked when it does, since it is often started later */
  static async start(entityId: string, party: () => Party): Promise<IdentityProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new IdentityProvider(server, entityId, url, party);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => provider.answer(request, response));
    return provider;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  /** Begins a login at a service, as a browser would, and says what is to be posted to it, with which cookie. */
  async begin(service: string): Promise<{ readonly cookie: string; readonly response: string }> {
    const { headers } = await fetch(`${service}/auth/saml/login?service=cli`, { redirect: 'manual' });
    const [cookie = ''] = headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
    const message = new URL(headers.get('location') ?? '').searchParams.get('SAMLRequest') ?? '';
    return { cookie, response: this.responseTo(requestIn(message)) };
  }

  /** What it has a browser post that comes with this request. */
  responseTo(requestId: string): string {
    const { entityId, assertionConsumerUrl } = this.party();
    return hubResponse({
      requestId,
      now: new Date(),
      destination: assertionConsumerUrl,
      recipient: assertionConsumerUrl,
      audiences: [[entityId]],
      responseIssuer: this.entityId,
      assertionIssuer: this.entityId,
      ...this.person,
    });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    const message = url.searchParams.get('SAMLRequest');
    if (url.pathname !== '/sso' || message === null) {
      response.writeHead(404).end();
      return;
    }
    const field = this.responseTo(requestIn(message));
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page(this.party(), field));
  }
}

/** The id of a request, as HTTP-Redirect carries it. */
function requestIn(message: string): string {
  const xml = inflateRawSync(Buffer.from(message, 'base64')).toString();
  return / ID="([^"]+)"/.exec(xml)?.[1] ?? '';
}

const page = ({ assertionConsumerUrl }: Party, response: string) => `<!doctype html>
<title>The institution</title>
<form method="post" action="${assertionConsumerUrl}">
<input type="hidden" name="SAMLResponse" value="${response}">
<button>Log in</button>
</form>
`;
