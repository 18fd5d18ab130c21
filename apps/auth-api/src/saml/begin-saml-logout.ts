import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type LogoutSubject, logoutSubjectOf } from '#accounts/saml/logout-subject.js';
import { SamlRequests } from '#accounts/saml/saml-requests.js';
import type { SessionId } from '#domain/ids.js';
import { Stores } from '#host/stores.js';
import { messageId } from '#saml/message-id.js';
import { logoutRequestAddress } from '#saml/logout/write-logout.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import type { SentRequest } from './begin-saml-login.js';
import { SamlParties } from './saml-parties.js';

/** Sends somebody whose session has ended here to the identity provider that opened it, to end its session, too. */
export class BeginSamlLogout extends Command<SentRequest | null> {
  constructor(
    readonly sessionId: SessionId,
    readonly browserHash: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

/** @returns null where there is nobody to send them to: they logged in here, or there is no single logout with that provider */
@CommandHandler(BeginSamlLogout)
export class BeginSamlLogoutHandler implements ICommandHandler<BeginSamlLogout> {
  constructor(
    private readonly stores: Stores,
    private readonly requests: SamlRequests,
    private readonly parties: SamlParties,
  ) {}

  async execute({ sessionId, browserHash, request }: BeginSamlLogout): Promise<SentRequest | null> {
    const { eventStore: store, codec } = this.stores;
    const subject = await logoutSubjectOf({ store, codec }, sessionId);
    const sent = subject === null ? null : await this.requestFor(subject, request.now);
    if (sent === null) return null;
    const { requestId, identityProvider, location } = sent;
    const purpose = { kind: 'logout', identityProvider } as const;
    await this.requests.issue(requestId, purpose, browserHash, { ...request, ...ANONYMOUS });
    return { requestId, location };
  }

  private async requestFor({ identityProvider: entityId, nameId }: LogoutSubject, now: Date) {
    const provider = this.parties.byEntityId(entityId);
    if (provider === null) return null;
    const requestId = messageId();
    const { sessionIndex } = nameId;
    const asked = { id: requestId, now, nameId, sessionIndex };
    const location = await logoutRequestAddress(asked, this.parties.serviceProvider, provider.metadata);
    return location === null ? null : { requestId, identityProvider: provider.metadata.name, location };
  }
}
