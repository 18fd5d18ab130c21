import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { FederatedAccounts } from '#accounts/federated-accounts.js';
import { AcceptedMessages } from '#accounts/saml/accepted-messages.js';
import { ProviderSessions } from '#accounts/saml/provider-sessions.js';
import { SamlRequests } from '#accounts/saml/saml-requests.js';
import type { OpenSamlRequest, SamlAnswer, SamlRequestPurpose } from '#domain/saml/saml-request.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { methodsOfAssertion } from '#domain/session/authentication-methods.js';
import type { FederatedLogin } from '#domain/session/federation.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Log } from '#host/log.js';
import { type ConfiguredLoginService, Settings } from '#host/settings.js';
import { CLOCK_SKEW_MS } from '#saml/assertion/clock-skew.js';
import { demandAdmitted } from '#saml/person/admission.js';
import { type AssertedPerson, assertedPerson } from '#saml/person/asserted-person.js';
import { receiveResponse } from '#saml/response/receive-response.js';
import type { VerifiedAssertion } from '#saml/verified-assertion.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import type { Authentication } from '../session/log-in.js';
import { SamlParties, type TrustedProvider } from './saml-parties.js';

/** Somebody whom an identity provider vouches for, and the login service that they came from. */
export interface SamlAuthentication {
  readonly authentication: Authentication;
  readonly service: ConfiguredLoginService;
  readonly requestId: string;
}

/** Finds out who somebody is by the response of an identity provider; makes their account if it is their first login. */
export class AuthenticateAssertion extends Command<SamlAuthentication> {
  constructor(
    /** The field of the form, base64. */
    readonly samlResponse: string,
    /** The hash of the secret that this browser has for a request of ours; null for none. */
    readonly browserHashOf: (requestId: string) => string | null,
    readonly request: RequestContext,
  ) {
    super();
  }
}

type LoginPurpose = Extract<SamlRequestPurpose, { kind: 'login' }>;

/**
 * Nothing is changed before everything has been looked at: what the message says and who has signed it, whether its request waits for it
 * in this browser, and whether the person may come in. Then the request is closed, of which one copy of the message can have the benefit.
 * @throws SamlRefused
 */
@CommandHandler(AuthenticateAssertion)
export class AuthenticateAssertionHandler implements ICommandHandler<AuthenticateAssertion> {
  constructor(
    private readonly parties: SamlParties,
    private readonly requests: SamlRequests,
    private readonly messages: AcceptedMessages,
    private readonly sessions: ProviderSessions,
    private readonly accounts: FederatedAccounts,
    private readonly settings: Settings,
    private readonly log: Log,
  ) {}

  async execute({ samlResponse, browserHashOf, request }: AuthenticateAssertion): Promise<SamlAuthentication> {
    const { now } = request;
    const { serviceProvider } = this.parties;
    const { message: received, provider } = this.parties.reading((identityProvider) =>
      receiveResponse(samlResponse, { serviceProvider, identityProvider, now }),
    );
    const { requestId } = received;
    const browserHash = browserHashOf(requestId);
    const answer = { requestId, kind: 'login', identityProvider: provider.metadata.name, browserHash, now } as const;
    try {
      // Our private keys work for who began a login, and for nobody else.
      if (received.isEncrypted) await this.requests.waitingFor(answer);
      return await this.accept(received.verify(), provider, answer, request);
    } catch (error) {
      throw error instanceof SamlRefused ? new SamlRefused(error.fault, requestId, provider.metadata.entityId) : error;
    }
  }

  private async accept(
    assertion: VerifiedAssertion,
    provider: TrustedProvider,
    answer: SamlAnswer,
    request: RequestContext,
  ): Promise<SamlAuthentication> {
    const { id, issuer, requestId, nameId, sessionIndex, acceptableUntil } = assertion;
    const { metadata, settings } = provider;
    const person = assertedPerson(assertion, metadata, settings.attributes, settings.identifiedBy);
    const pending = await this.requests.waitingFor(answer);
    const purpose = demandLogin(pending, assertion);
    const service = this.settings.loginServices.get(purpose.service);
    if (service === undefined) throw new SamlRefused('request-unknown');
    demandAdmitted(person, settings.admission);
    await this.sessions.demandNotOver({ identityProvider: issuer, nameId }, sessionIndex, pending.issuedAt);

    const context: CommandContext = { ...request, ...ANONYMOUS };
    await this.requests.answer(answer, context);
    await this.messages.accept({ issuer, id, acceptableUntil, requestId }, context);
    const authentication = await this.authenticate(assertion, provider, person, pending.issuedAt, context);
    return { authentication, service, requestId };
  }

  private async authenticate(
    assertion: VerifiedAssertion,
    provider: TrustedProvider,
    person: AssertedPerson,
    begunAt: Date,
    context: CommandContext,
  ): Promise<Authentication> {
    const { issuer: identityProvider, authnContext } = assertion;
    const { subject, hasForeignPrincipalName, ...profile } = person;
    const { correlationId } = context;
    if (hasForeignPrincipalName)
      this.log.warn({ identityProvider, correlationId }, 'a principal name of another organisation was left out');
    const account = await this.accounts.signIn({ identityProvider, subject }, profile, context);
    const amr = methodsOfAssertion(authnContext, provider.settings.secondFactorContexts);
    const federated = loginBy(assertion, person, begunAt);
    return { account, amr, passwordTooShort: false, secondFactorShown: false, federated };
  }
}

/** @throws SamlRefused `authentication-stale` where they were to prove anew who they are, and did not */
function demandLogin({ purpose, issuedAt }: OpenSamlRequest, assertion: VerifiedAssertion): LoginPurpose {
  const { authenticatedAt } = assertion;
  if (purpose.kind !== 'login') throw new SamlRefused('request-wrong');
  if (purpose.forceAuthn && authenticatedAt.getTime() < issuedAt.getTime() - CLOCK_SKEW_MS)
    throw new SamlRefused('authentication-stale');
  return purpose;
}

function loginBy(
  { issuer, nameId, sessionIndex, authenticatedAt, sessionEndsAt, authnContext }: VerifiedAssertion,
  { organizationId: institution, assurance }: AssertedPerson,
  begunAt: Date,
): FederatedLogin {
  return {
    federation: { identityProvider: issuer, institution, authnContext, assurance },
    nameId: { ...nameId, sessionIndex },
    authenticatedAt,
    sessionEndsAt,
    begunAt,
  };
}
