import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { NameId } from '../verified-assertion.js';
import { attributeOf, childrenNamed, onlyChild, SAML, textOf } from '../xml/elements.js';
import { utcTime } from '../xml/utc-time.js';
import { demandBefore } from './clock-skew.js';
import type { AssertionExpectations } from './expectations.js';

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
/** Of each text that names a person or a namespace of names; SAML core §8.3.7 allows 256 characters of identifiers. */
const MAX_LENGTH = 1_024;

export interface ConfirmedSubject {
  readonly nameId: NameId;
  readonly requestId: string;
  /** When it can no longer be presented. */
  readonly notOnOrAfter: Date;
}

/**
 * Who the assertion is about, and that whoever brings it may use it: here, now, in answer to that request (SAML core §2.4, profiles §4.1.4.2).
 * @throws SamlRefused `subject-missing`, `confirmation-wrong`, `recipient-wrong`, `request-wrong`, `expired`
 */
export function readSubject(assertion: Element, expectations: AssertionExpectations): ConfirmedSubject {
  const subject = onlyChild(assertion, SAML, 'Subject');
  const nameId = subject === null ? null : onlyChild(subject, SAML, 'NameID');
  if (subject === null || nameId === null) throw new SamlRefused('subject-missing');
  const data = demandBearerConfirmation(subject);
  if (attributeOf(data, 'Recipient') !== expectations.serviceProvider.assertionConsumerUrl)
    throw new SamlRefused('recipient-wrong');
  // Signed, unlike the one of the response around it: without it an assertion made for nobody's request would do for any.
  const requestId = attributeOf(data, 'InResponseTo');
  if (requestId === null || requestId !== expectations.requestId) throw new SamlRefused('request-wrong');
  const notOnOrAfter = utcTime(attributeOf(data, 'NotOnOrAfter'));
  if (notOnOrAfter === null) throw new SamlRefused('confirmation-wrong');
  demandBefore(expectations.now, notOnOrAfter);
  return { nameId: readNameId(nameId), requestId, notOnOrAfter };
}

function demandBearerConfirmation(subject: Element): Element {
  const [confirmation, ...more] = childrenNamed(subject, SAML, 'SubjectConfirmation').filter(
    (candidate) => attributeOf(candidate, 'Method') === BEARER,
  );
  const data = confirmation === undefined ? null : onlyChild(confirmation, SAML, 'SubjectConfirmationData');
  // Of two it would be unclear which holds. And what a bearer brings is good from the moment it is made (profiles §4.1.4.2).
  if (data === null || more.length > 0 || attributeOf(data, 'NotBefore') !== null)
    throw new SamlRefused('confirmation-wrong');
  return data;
}

function readNameId(element: Element): NameId {
  const value = textOf(element) ?? '';
  const nameId = {
    value,
    format: attributeOf(element, 'Format'),
    nameQualifier: attributeOf(element, 'NameQualifier'),
    spNameQualifier: attributeOf(element, 'SPNameQualifier'),
  };
  if (value === '' || Object.values(nameId).some((text) => text !== null && text.length > MAX_LENGTH))
    throw new SamlRefused('subject-missing');
  return nameId;
}
