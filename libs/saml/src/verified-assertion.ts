/** A name that is of this person for good, and given to nobody else (SAML core §8.3.7). */
export const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** Whom the identity provider means, in the words it uses for logout, too (SAML core §2.2.3). */
export interface NameId {
  readonly value: string;
  /** A URI; null for none given. */
  readonly format: string | null;
  /** As in the assertion, for a LogoutRequest has to say the same; null for none. */
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
}

/** What an assertion says, once its signature, its structure and its meaning have been checked; read from the signed bytes alone. */
export interface VerifiedAssertion {
  /** Chosen by the identity provider; never accepted twice. */
  readonly id: string;
  /** Its entity id. */
  readonly issuer: string;
  /** The request that it answers; of ours. */
  readonly requestId: string;
  readonly nameId: NameId;
  /** Names the session at the identity provider; null where it has none. */
  readonly sessionIndex: string | null;
  /** When the person proved who they are. */
  readonly authenticatedAt: Date;
  /** When a session opened by it ends at the latest; null for no such bound. */
  readonly sessionEndsAt: Date | null;
  /** AuthnContextClassRef; null for none. */
  readonly authnContext: string | null;
  /** The entity ids of those who authenticated the person on the way, first to last. */
  readonly authenticatingAuthorities: readonly string[];
  /** After this, skew included, nobody accepts it any more. */
  readonly acceptableUntil: Date;
  /** By the Name of each, as sent: trimmed, without empty values. Those of the same name come together, in order. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}
