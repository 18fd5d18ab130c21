import { SamlRefused } from '#domain/saml/saml-refused.js';
import { demandFresh } from '../assertion/clock-skew.js';
import { readAssertion } from '../assertion/read-assertion.js';
import type { IdentityProvider, ServiceProvider } from '../parties.js';
import type { VerifiedAssertion } from '../verified-assertion.js';
import { attributeOf, isNamed, onlyChild, SAML, SAMLP, textOf } from '../xml/elements.js';
import { parseXml } from '../xml/parse-xml.js';
import { utcTime } from '../xml/utc-time.js';
import { decodeSamlResponse } from './form-field.js';
import { demandResponseStructure, demandSomeSignature } from './response-structure.js';
import { verifiedAssertionElement } from './verified-element.js';

/** What is expected of a response. */
export interface ResponseExpectations {
  readonly serviceProvider: ServiceProvider;
  /** By its entity id; null for one that is not trusted. */
  readonly identityProvider: (entityId: string) => IdentityProvider | null;
  readonly now: Date;
}

// Of our requests.
const REQUEST_ID = /^_[0-9a-f]{40}$/;

/**
 * Reads a response to a request of ours (SAML profiles §4.1.4): its structure, its signatures, then the meaning of what is signed.
 * Whether that request is pending, and of this browser, and whether the assertion has been seen before, is for the caller to
 * find out.
 * @param samlResponse the field of the form
 * @throws SamlRefused for whatever is not to be accepted; it names the request as soon as that was read
 */
export function verifyResponse(samlResponse: string, expectations: ResponseExpectations): VerifiedAssertion {
  const response = parseXml(decodeSamlResponse(samlResponse));
  if (!isNamed(response, SAMLP, 'Response')) throw new SamlRefused('root-unexpected');
  const inResponseTo = attributeOf(response, 'InResponseTo');
  const requestId = inResponseTo !== null && REQUEST_ID.test(inResponseTo) ? inResponseTo : undefined;
  try {
    return verify(response, requestId, expectations);
  } catch (error) {
    throw error instanceof SamlRefused ? new SamlRefused(error.fault, requestId) : error;
  }
}

function verify(
  response: Element,
  requestId: string | undefined,
  { serviceProvider, identityProvider: find, now }: ResponseExpectations,
): VerifiedAssertion {
  const structure = demandResponseStructure(response);
  demandSomeSignature(structure);
  const identityProvider = find(textOf(onlyChild(response, SAML, 'Issuer')) ?? '');
  if (identityProvider === null) throw new SamlRefused('issuer-unknown');
  if (attributeOf(response, 'Destination') !== serviceProvider.assertionConsumerUrl)
    throw new SamlRefused('destination-wrong');
  if (requestId === undefined) throw new SamlRefused('request-wrong');
  demandFresh(now, utcTime(attributeOf(response, 'IssueInstant')));
  const assertion = verifiedAssertionElement(structure, {
    certificates: identityProvider.signingCertificates,
    decryptionKeys: serviceProvider.keys,
  });
  return readAssertion(assertion, { serviceProvider, identityProvider, requestId, now });
}
