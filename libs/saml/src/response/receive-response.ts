import { SamlRefused } from '#domain/saml/saml-refused.js';
import { isSamlRequestId } from '#domain/saml/saml-request.js';
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

/** A response whose structure is as it has to be. Nobody has vouched for any of it, so it is good for refusing it and for nothing else. */
export interface ReceivedResponse {
  /** Of the request that it claims to answer. */
  readonly requestId: string;
  /** Whom it claims to be from. */
  readonly identityProvider: IdentityProvider;
  /** Verifying it takes work with our private keys, and nobody needs a key of their own to ask for that. */
  readonly isEncrypted: boolean;
  /** Its signatures, then the meaning of what is signed. @throws SamlRefused for whatever is not to be accepted */
  verify(): VerifiedAssertion;
}

/**
 * Reads a response to a request of ours (SAML profiles §4.1.4). Whether that request is pending, and of this browser, and whether the
 * assertion has been seen before, is for the caller to find out.
 * @param samlResponse the field of the form
 * @throws SamlRefused for whatever is not to be accepted; it names the request as soon as that was read
 */
export function receiveResponse(samlResponse: string, expectations: ResponseExpectations): ReceivedResponse {
  const response = parseXml(decodeSamlResponse(samlResponse));
  if (!isNamed(response, SAMLP, 'Response')) throw new SamlRefused('root-unexpected');
  const inResponseTo = attributeOf(response, 'InResponseTo');
  const requestId = inResponseTo !== null && isSamlRequestId(inResponseTo) ? inResponseTo : undefined;
  const received = naming(requestId, () => receive(response, requestId, expectations));
  return { ...received, verify: () => naming(requestId, () => received.verify()) };
}

function naming<Result>(requestId: string | undefined, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof SamlRefused ? new SamlRefused(error.fault, requestId) : error;
  }
}

function receive(
  response: Element,
  requestId: string | undefined,
  { serviceProvider, identityProvider: find, now }: ResponseExpectations,
): ReceivedResponse {
  const structure = demandResponseStructure(response);
  demandSomeSignature(structure);
  const identityProvider = find(textOf(onlyChild(response, SAML, 'Issuer')) ?? '');
  if (identityProvider === null) throw new SamlRefused('issuer-unknown');
  if (attributeOf(response, 'Destination') !== serviceProvider.assertionConsumerUrl)
    throw new SamlRefused('destination-wrong');
  if (requestId === undefined) throw new SamlRefused('request-wrong');
  demandFresh(now, utcTime(attributeOf(response, 'IssueInstant')));
  const keys = { certificates: identityProvider.signingCertificates, decryptionKeys: serviceProvider.keys };
  const isEncrypted = structure.assertion.localName === 'EncryptedAssertion';
  const verify = () =>
    readAssertion(verifiedAssertionElement(structure, keys), { serviceProvider, identityProvider, requestId, now });
  return { requestId, identityProvider, isEncrypted, verify };
}
