import { X509Certificate } from 'node:crypto';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { attributeOf, childElements, childrenNamed, isNamed, SAMLP, XMLDSIG } from '../xml/elements.js';
import type { MarkupLimits } from '../xml/markup.js';
import { parseXml } from '../xml/parse-xml.js';
import { utcTime } from '../xml/utc-time.js';
import { hasStrongKey, MIN_KEY_BITS } from '../keys.js';
import { isSecureUrl } from '../secure-url.js';
import { MetadataRefused } from './metadata-refused.js';
import { METADATA, SHIBBOLETH_METADATA } from './namespaces.js';
import { verifiedMetadata } from './signed-metadata.js';

/** What is read of an identity provider's metadata. */
export interface ProviderMetadata {
  /** By HTTP-Redirect. */
  readonly singleSignOnUrl: string;
  /** By HTTP-Redirect; null for none. */
  readonly singleLogoutUrl: string | null;
  /** PEM, of RSA keys with 2,048 bits or more; at least one. */
  readonly signingCertificates: readonly string[];
  /** In lower case; null where none are named. */
  readonly scopes: readonly string[] | null;
  readonly wantsSignedRequests: boolean;
  /** From then on it is refused; null for no such bound. */
  readonly validUntil: Date | null;
}

export interface MetadataExpectation {
  readonly entityId: string;
  /** PEM, of those who may have signed the metadata; null for metadata that came on a way that is trusted. */
  readonly signers: readonly string[] | null;
  readonly now: Date;
}

/** A feed of a federation has some megabytes, and is read once an hour. */
export const METADATA_LIMITS: MarkupLimits = {
  elements: 500_000,
  attributes: 1_000_000,
  attributesOfAnElement: 60,
  depth: 60,
  comments: 'passed over',
};
const REDIRECT_BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/**
 * Reads what an EntityDescriptor, or an EntitiesDescriptor with it somewhere inside, says of one identity provider. Where certificates
 * are pinned, nothing is read but what one of their keys has signed (SEC-115).
 *
 * @throws MetadataRefused
 */
export function readIdentityProviderMetadata(text: string, expected: MetadataExpectation): ProviderMetadata {
  const root = rootOf(text);
  const signed = expected.signers === null ? root : rootOf(verifiedMetadata(root, expected.signers));
  const [path, ...more] = pathsTo(expected.entityId, signed, []);
  if (path === undefined) throw new MetadataRefused(`has no entity ${expected.entityId}`);
  if (more.length > 0) throw new MetadataRefused(`has the entity ${expected.entityId} more than once`);
  const entity = path.at(-1) ?? signed;
  const [role, ...roles] = childrenNamed(entity, METADATA, 'IDPSSODescriptor').filter((each) =>
    (attributeOf(each, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(SAMLP),
  );
  if (role === undefined || roles.length > 0)
    throw new MetadataRefused(`does not describe ${expected.entityId} as an identity provider of SAML 2.0`);
  return {
    singleSignOnUrl:
      redirectLocation(role, 'SingleSignOnService') ??
      refuse('has no SingleSignOnService by HTTP-Redirect with an https address'),
    singleLogoutUrl: redirectLocation(role, 'SingleLogoutService'),
    signingCertificates: signingCertificates(role),
    scopes: scopesOf([entity, role]),
    wantsSignedRequests: ['true', '1'].includes(attributeOf(role, 'WantAuthnRequestsSigned') ?? ''),
    validUntil: validUntil([...path, role], expected.now),
  };
}

function refuse(why: string): never {
  throw new MetadataRefused(why);
}

function rootOf(text: string): Element {
  let root: Element;
  try {
    root = parseXml(text, METADATA_LIMITS);
  } catch (error) {
    if (error instanceof SamlRefused) throw new MetadataRefused(`is no XML that can be used: ${error.fault}`);
    throw error;
  }
  if (isNamed(root, METADATA, 'EntityDescriptor') || isNamed(root, METADATA, 'EntitiesDescriptor')) return root;
  throw new MetadataRefused('is no EntityDescriptor and no EntitiesDescriptor');
}

/** From the root to every entity of this name, groups within groups included. */
function pathsTo(entityId: string, element: Element, above: readonly Element[]): Element[][] {
  const path = [...above, element];
  if (isNamed(element, METADATA, 'EntityDescriptor'))
    return attributeOf(element, 'entityID') === entityId ? [path] : [];
  if (!isNamed(element, METADATA, 'EntitiesDescriptor')) return [];
  return childElements(element).flatMap((child) => pathsTo(entityId, child, path));
}

/** The first that is announced and that browsers may be sent to; null for none. */
function redirectLocation(role: Element, service: string): string | null {
  const locations = childrenNamed(role, METADATA, service)
    .filter((each) => attributeOf(each, 'Binding') === REDIRECT_BINDING)
    .map((each) => attributeOf(each, 'Location'));
  return locations.find(isSecureUrl) ?? null;
}

/** A certificate only carries a key: when it ends means nothing (wayf-saml §1.2). */
function signingCertificates(role: Element): string[] {
  const written = childrenNamed(role, METADATA, 'KeyDescriptor')
    .filter((key) => (attributeOf(key, 'use') ?? 'signing') === 'signing')
    .flatMap((key) => childrenNamed(key, XMLDSIG, 'KeyInfo'))
    .flatMap((info) => childrenNamed(info, XMLDSIG, 'X509Data'))
    .flatMap((data) => childrenNamed(data, XMLDSIG, 'X509Certificate'));
  const usable = written.flatMap((each) => rsaCertificate(each.textContent ?? ''));
  return usable.length > 0
    ? [...new Set(usable)]
    : refuse(`has no certificate of an RSA key with ${MIN_KEY_BITS} bits or more to sign with`);
}

function rsaCertificate(base64: string): string[] {
  try {
    const certificate = new X509Certificate(Buffer.from(base64, 'base64'));
    return hasStrongKey(certificate) ? [certificate.toString()] : [];
  } catch {
    return [];
  }
}

/** Patterns are left out: nothing that comes from outside becomes one (SEC-129). */
function scopesOf(elements: readonly Element[]): string[] | null {
  const scopes = elements
    .flatMap((element) => childrenNamed(element, METADATA, 'Extensions'))
    .flatMap((extensions) => childrenNamed(extensions, SHIBBOLETH_METADATA, 'Scope'));
  if (scopes.length === 0) return null;
  const literal = scopes.filter((scope) => !['true', '1'].includes(attributeOf(scope, 'regexp') ?? 'false'));
  return [...new Set(literal.map((scope) => (scope.textContent ?? '').trim().toLowerCase()))].filter(
    (scope) => scope !== '',
  );
}

/** The earliest of the whole, the groups, the entity and the role. */
function validUntil(elements: readonly Element[], now: Date): Date | null {
  const bounds = elements.flatMap((element) => {
    const written = attributeOf(element, 'validUntil');
    return written === null ? [] : [utcTime(written) ?? refuse('has a validUntil that is no time in UTC')];
  });
  const [earliest = null] = bounds.sort((a, b) => a.getTime() - b.getTime());
  if (earliest !== null && earliest <= now)
    throw new MetadataRefused(`is over since ${earliest.toISOString()} (validUntil)`);
  return earliest;
}
