import type { Personal } from '../personal.js';

/** Who vouched for a login that was not made here, and how. None of it says who logged in. */
export interface Federation {
  /** Its entity id. */
  readonly identityProvider: string;
  /** The domain of whom the person belongs to (schacHomeOrganization), in lower case; null for none. */
  readonly institution: string | null;
  /** How they proved who they are (AuthnContextClassRef); null where it is not said. */
  readonly authnContext: string | null;
  /** How well it is known who they are (eduPersonAssurance). */
  readonly assurance: readonly string[];
}

/** What the identity provider calls the person and its session with them, as a LogoutRequest has to repeat it (SAML core §3.7.1). */
export interface ProviderNameId {
  readonly value: string;
  readonly format: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
  readonly sessionIndex: string | null;
}

/** A login by SAML, whose assertion was accepted. */
export interface FederatedLogin {
  readonly federation: Federation;
  readonly nameId: Personal<ProviderNameId>;
  /** When the person proved it there (AuthnInstant). */
  readonly authenticatedAt: Date;
  /** No session goes on after it (SessionNotOnOrAfter); null for no such bound. */
  readonly sessionEndsAt: Date | null;
  /** When the request was issued that the assertion answers. */
  readonly begunAt: Date;
}
