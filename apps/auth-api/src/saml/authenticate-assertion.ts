import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { FederatedAccounts } from '#accounts/federated-accounts.js';
import { AcceptedMessages } from '#accounts/saml/accepted-messages.js';
import { SamlRequests } from '#accounts/saml/saml-requests.js';
import { type OpenSamlRequest, type SamlRequestPurpose } from '#domain/saml/saml-request.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { methodsOfAssertion } from '#domain/session/authentication-methods.js';
import type { FederatedLogin } from '#domain/session/federation.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Log } from '#host/log.js';
import { type ConfiguredLoginService, Settings } from '#host/settings.js';
import { CLOCK_SKEW_MS } from '#saml/assertion/clock-skew.js';
import { demandAdmitted } from '#saml/person/admission.js';
import { type AssertedPerson, assertedPerson } from '#saml/person/asserted-person.js';
import { verifyResponse } from '#saml/response/verify-response.js';
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
    private readonly accounts: FederatedAccounts,
    private readonly settings: Settings,
    private readonly log: Log,
  ) {}

  async execute({ samlResponse, browserHashOf, request }: AuthenticateAssertion): Promise<SamlAuthentication> {
    const { now } = request;
    const { assertion, provider } = this.verify(samlResponse, now);
    const { id, issuer, requestId, acceptableUntil } = assertion;
    try {
      const person = personIn(assertion, provider);
      const { name: identityProvider } = provider.metadata;
      const browserHash = browserHashOf(requestId);
      const answer = { requestId, kind: 'login', identityProvider, browserHash, now } as const;
      const pending = await this.requests.waitingFor(answer);
      const purpose = demandLogin(pending, assertion);
      const service = this.settings.loginServices.get(purpose.service);
      if (service === undefined) throw new SamlRefused('request-unknown', requestId);
      demandAdmitted(person, provider.settings.admission);

      const context: CommandContext = { ...request, ...ANONYMOUS };
      await this.requests.answer(answer, context);
      await this.messages.accept({ issuer, id, acceptableUntil, requestId }, context);
      const authentication = await this.authenticate(assertion, provider, person, pending.issuedAt, context);
      return { authentication, service, requestId };
    } catch (error) {
      throw error instanceof SamlRefused ? new SamlRefused(error.fault, requestId, issuer) : error;
    }
  }

  /** With whoever it is from, if only they are known: also of what is refused. */
  private verify(samlResponse: string, now: Date): { assertion: VerifiedAssertion; provider: TrustedProvider } {
    const { serviceProvider } = this.parties;
    const trusted = new Map<string, TrustedProvider>();
    const identityProvider = (entityId: string) => {
      const provider = this.parties.byEntityId(entityId);
      if (provider !== null) trusted.set(entityId, provider);
      return provider?.metadata ?? null;
    };
    try {
      const assertion = verifyResponse(samlResponse, { serviceProvider, identityProvider, now });
      const provider = trusted.get(assertion.issuer);
      if (provider === undefined) throw new SamlRefused('issuer-unknown', assertion.requestId);
      return { assertion, provider };
    } catch (error) {
      const [entityId] = trusted.keys();
      throw error instanceof SamlRefused && entityId !== undefined ? error.from(entityId) : error;
    }
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
    const amr = methodsOfAssertion(authnContext, [...provider.settings.secondFactorContexts]);
    const federated = federatedLogin(assertion, person, begunAt);
    return { account, amr, passwordTooShort: false, secondFactorShown: false, federated };
  }
}

/** @throws SamlRefused `authentication-stale` where they were to prove anew who they are, and did not */
function demandLogin({ purpose, issuedAt }: OpenSamlRequest, assertion: VerifiedAssertion): LoginPurpose {
  const { requestId, authenticatedAt } = assertion;
  if (purpose.kind !== 'login') throw new SamlRefused('request-wrong', requestId);
  if (purpose.forceAuthn && authenticatedAt.getTime() < issuedAt.getTime() - CLOCK_SKEW_MS)
    throw new SamlRefused('authentication-stale', requestId);
  return purpose;
}

function personIn(assertion: VerifiedAssertion, { metadata, settings }: TrustedProvider): AssertedPerson {
  return assertedPerson(assertion, metadata, settings.attributes, settings.identifiedBy);
}

function federatedLogin(
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
