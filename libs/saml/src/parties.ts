/** A key pair of ours, with the certificate that metadata shows of it. All PEM. */
export interface ServiceProviderKey {
  readonly privateKey: string;
  readonly certificate: string;
}

/** authlog, as identity providers know it (SAML metadata §2.4.4). */
export interface ServiceProvider {
  /** For good: pseudonyms of people depend on it (wayf-saml §1.5). */
  readonly entityId: string;
  /** Where responses are posted to; from the settings, never from a request. */
  readonly assertionConsumerUrl: string;
  /** Where logout messages are sent to by redirect. */
  readonly singleLogoutUrl: string;
  /** The first one signs; each of them can decrypt, and is shown in metadata. Empty: requests are not signed, and there is no single logout. */
  readonly keys: readonly ServiceProviderKey[];
}

/** Who vouches for people, as its metadata says today. */
export interface IdentityProvider {
  /** Of the settings; stands in addresses of ours. */
  readonly name: string;
  readonly entityId: string;
  /** By HTTP-Redirect. */
  readonly singleSignOnUrl: string;
  /** By HTTP-Redirect; null for no single logout. */
  readonly singleLogoutUrl: string | null;
  /** PEM. A signature by any of them is good; whatever certificate is in a message is not looked at (SEC-108). */
  readonly signingCertificates: readonly string[];
  /** The domains that it may speak for (shibmd:Scope); null where its metadata names none (SEC-114). */
  readonly scopes: readonly string[] | null;
}
