import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AcceptedMessages } from '#accounts/saml/accepted-messages.js';
import { ProviderSessions } from '#accounts/saml/provider-sessions.js';
import { messageId } from '#saml/message-id.js';
import type { LogoutRequest } from '#saml/logout/read-logout.js';
import { logoutResponseAddress } from '#saml/logout/write-logout.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import { SamlParties, type TrustedProvider } from './saml-parties.js';

/** An identity provider has ended its session with somebody, and asks us to end ours. */
export class EndProviderSessions extends Command<string | null> {
  constructor(
    readonly logout: LogoutRequest,
    readonly provider: TrustedProvider,
    readonly request: RequestContext,
  ) {
    super();
  }
}

/**
 * Sent twice at once it does the same twice.
 * @returns where the browser goes with our answer; null where the identity provider takes none
 * @throws SamlRefused `assertion-replayed`
 */
@CommandHandler(EndProviderSessions)
export class EndProviderSessionsHandler implements ICommandHandler<EndProviderSessions> {
  constructor(
    private readonly parties: SamlParties,
    private readonly messages: AcceptedMessages,
    private readonly sessions: ProviderSessions,
  ) {}

  async execute({ logout, provider, request }: EndProviderSessions): Promise<string | null> {
    const { id: requestId, issuer, nameId, sessionIndexes, acceptableUntil, relayState } = logout;
    const context = { ...request, ...ANONYMOUS };
    const message = { issuer, id: requestId, acceptableUntil };
    await this.messages.demandNew(message);
    await this.sessions.end({ identityProvider: issuer, nameId }, sessionIndexes, context);
    await this.messages.accept(message, context);
    const id = messageId();
    const answer = { id, now: request.now, requestId, relayState };
    return logoutResponseAddress(answer, this.parties.serviceProvider, provider.metadata);
  }
}
