import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { SamlRequests } from '#accounts/saml/saml-requests.js';
import type { LoginService } from '#domain/session/session-limits.js';
import { messageId } from '#saml/message-id.js';
import { authnRequestAddress } from '#saml/request/authn-request.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import { SamlParties, type TrustedProvider } from './saml-parties.js';

/** A request of ours that is on its way to an identity provider, by way of the browser. */
export interface SentRequest {
  readonly requestId: string;
  /** Where the browser goes with it. */
  readonly location: string;
}

/** Sends somebody to an identity provider to log in there. */
export class BeginSamlLogin extends Command<SentRequest> {
  constructor(
    readonly provider: TrustedProvider,
    readonly service: LoginService,
    /** Whether they have to prove anew who they are, also if the identity provider knows them (SEC-116). */
    readonly forceAuthn: boolean,
    /** Of the secret that the browser keeps; see BrowserBinding. */
    readonly browserHash: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(BeginSamlLogin)
export class BeginSamlLoginHandler implements ICommandHandler<BeginSamlLogin> {
  constructor(
    private readonly requests: SamlRequests,
    private readonly parties: SamlParties,
  ) {}

  async execute({ provider, service, forceAuthn, browserHash, request }: BeginSamlLogin): Promise<SentRequest> {
    const { now } = request;
    const requestId = messageId();
    const { name: identityProvider } = provider.metadata;
    const purpose = { kind: 'login', identityProvider, service: service.name, forceAuthn } as const;
    const asked = { id: requestId, now, forceAuthn };
    const [location] = await Promise.all([
      authnRequestAddress(asked, this.parties.serviceProvider, provider.metadata),
      this.requests.issue(requestId, purpose, browserHash, { ...request, ...ANONYMOUS }),
    ]);
    return { requestId, location };
  }
}
