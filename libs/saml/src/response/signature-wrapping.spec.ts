import { describe, expect, it } from 'vitest';
import type { SamlFault } from '#domain/saml/saml-fault.js';
import { type HubResponse, toField } from '../testing/hub-response.js';
import { faultOf, respondXml } from '../testing/verdict.js';

/**
 * A genuine response, in the pieces that are moved about: the attacker has one of their own, for every member of an institution
 * can get one, and wants to be somebody else.
 */
function pieces(parts: Partial<HubResponse> = {}) {
  const xml = respondXml(parts);
  const [assertion = ''] = /<saml:Assertion .*<\/saml:Assertion>/s.exec(xml) ?? [];
  const [signature = ''] = /<ds:Signature .*?<\/ds:Signature>/s.exec(xml) ?? [];
  const unsigned = assertion.replace(signature, '');
  const forged = unsigned.replaceAll('ada@sdu.dk', 'eve@sdu.dk').replace('ID="_assertion', 'ID="_forged');
  return { xml, assertion, signature, unsigned, forged };
}

const inside = (parent: string, child: string) => parent.replace('</saml:Assertion>', `${child}</saml:Assertion>`);
const inSignature = (signature: string, child: string) =>
  signature.replace('</ds:Signature>', `<ds:Object>${child}</ds:Object></ds:Signature>`);
const extension = (child: string) => `<samlp:Extensions>${child}</samlp:Extensions>`;
const before = (xml: string, child: string) => xml.replace('<samlp:Status>', `${child}<samlp:Status>`);
const within = (tag: string, child: string) => `<saml:${tag}>${child}</saml:${tag}>`;

const { xml, assertion, signature, unsigned, forged } = pieces();
const response = pieces({ sign: 'response' });
const forgedResponse = response.xml
  .replace(response.signature, '')
  .replaceAll('ada@sdu.dk', 'eve@sdu.dk')
  .replace('ID="_response', 'ID="_forged');
/** With the signature of the original in the place of its own. */
const forgedSigned = forged.replace('</saml:Issuer>', `</saml:Issuer>${signature}`);
const sameId = forgedSigned.replace('ID="_forged', 'ID="_assertion');

/** SEC-109; the numbers are those of "On Breaking SAML" (Somorovsky and others, 2012). */
const wrappings: [name: string, xml: string, fault: SamlFault][] = [
  [
    'XSW 1: the original response in the signature of a forged one',
    forgedResponse.replace('</saml:Issuer>', `</saml:Issuer>${inSignature(response.signature, response.xml)}`),
    'assertion-count',
  ],
  [
    'XSW 2: the original response before the signature of a forged one',
    forgedResponse.replace('</saml:Issuer>', `</saml:Issuer>${response.xml}${response.signature}`),
    'assertion-count',
  ],
  ['XSW 3: a forged assertion before the signed one', xml.replace(assertion, forged + assertion), 'assertion-count'],
  [
    'XSW 4: a forged assertion around the signed one',
    xml.replace(assertion, inside(forged, assertion)),
    'assertion-count',
  ],
  [
    'XSW 5: a forged assertion with the signature, the original after it',
    xml.replace(assertion, forgedSigned + unsigned),
    'assertion-count',
  ],
  [
    'XSW 6: the original in the signature of a forged assertion',
    xml.replace(assertion, forged.replace('</saml:Issuer>', `</saml:Issuer>${inSignature(signature, unsigned)}`)),
    'assertion-count',
  ],
  ['XSW 7: a forged assertion in the extensions', before(xml, extension(forged)), 'assertion-count'],
  ['XSW 7, with the id of the original', before(xml, extension(sameId)), 'assertion-count'],
  [
    'XSW 8: the original in an object in the signature of a forged assertion',
    xml.replace(assertion, sameId.replace(signature, inSignature(signature, unsigned))),
    'assertion-count',
  ],
  [
    'two assertions, both signed',
    xml.replace(assertion, assertion + pieces({ assertionId: '_2' }).assertion),
    'assertion-count',
  ],
  ['no assertion', xml.replace(assertion, ''), 'assertion-count'],
  [
    'an assertion in the advice',
    xml.replace(assertion, inside(assertion, within('Advice', forged))),
    'assertion-count',
  ],
  ['an assertion of another namespace beside it', before(xml, extension('<Assertion></Assertion>')), 'assertion-count'],
  ['an assertion deeper in the response', xml.replace(assertion, extension(assertion)), 'assertion-count'],
  ['a response in the extensions', before(xml, extension('<samlp:Response></samlp:Response>')), 'assertion-count'],
  ['an encrypted assertion beside it', before(xml, '<EncryptedAssertion></EncryptedAssertion>'), 'assertion-count'],
  [
    'the id of the assertion twice',
    before(xml, extension('<x Id="_assertion-0123456789abcdef0123456789abcdef01234567"></x>')),
    'id-not-unique',
  ],
  [
    'the id of the assertion twice, as xml:id',
    before(xml, extension('<x xml:id="_assertion-0123456789abcdef0123456789abcdef01234567"></x>')),
    'id-not-unique',
  ],
  ['the id of the assertion on the response', xml.replace('ID="_response', 'ID="_assertion'), 'id-not-unique'],
  ['no id of the response', xml.replace(/ ID="_response[^"]*"/, ''), 'id-not-unique'],
  ['an id with a quote in it', respondXml({ assertionId: `_a'` }), 'assertion-malformed'],
  ['no id of the assertion', respondXml({ assertionId: null }), 'assertion-malformed'],
  ['no signature', respondXml({ sign: 'nothing' }), 'signature-missing'],
  ['a signature that was taken away', xml.replace(signature, ''), 'signature-missing'],
  [
    'a signature beside the assertion',
    xml.replace(signature, '').replace('</saml:Assertion>', `</saml:Assertion>${signature}`),
    'signature-malformed',
  ],
  ['a signature in the extensions', before(xml, extension(signature)), 'signature-misplaced'],
  [
    'a signature in the subject',
    xml.replace(signature, '').replace('</saml:Subject>', `${signature}</saml:Subject>`),
    'signature-misplaced',
  ],
  ['two signatures of the assertion', xml.replace(signature, signature + signature), 'signature-misplaced'],
  ['an object in a signature', xml.replace(signature, inSignature(signature, '')), 'signature-misplaced'],
  ['an object somewhere', before(xml, extension('<ds:Object xmlns:ds="urn:x"></ds:Object>')), 'signature-misplaced'],
  ['the assertion of a signed response, changed', response.xml.replace('ada@sdu.dk', 'eve@sdu.dk'), 'signature-wrong'],
  [
    'a wrong signature of the response around a signed assertion',
    respondXml({ sign: 'both' }).replace(/(<\/saml:Issuer><ds:Signature.*?SignatureValue>)..../, '$1AAAA'),
    'signature-wrong',
  ],
  [
    'a signed response whose assertion has a wrong signature',
    respondXml({ sign: 'both', mutateAssertion: (signed) => signed.replace('ada@sdu.dk', 'eve@sdu.dk') }),
    'signature-wrong',
  ],
];

describe('a response in which the signature is over something else', () => {
  it.each(wrappings)('is refused: %s', (_, wrapped, fault) => {
    expect(faultOf(toField(wrapped))).toBe(fault);
  });
});
