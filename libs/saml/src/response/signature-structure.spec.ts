import { describe, expect, it } from 'vitest';
import type { SamlFault } from '#domain/saml/saml-fault.js';
import { HUB_NEW_KEY, SP_NEW_KEY, STRANGER_KEY } from '../testing/keys.js';
import type { SignatureOptions } from '../testing/signed-xml.js';
import { faultOf, respond, tamper } from '../testing/verdict.js';

const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** SEC-108: what is signed so is not accepted, though the signature be right. */
const signedOtherwise: [name: string, signature: Partial<SignatureOptions>, fault: SamlFault][] = [
  ['by a stranger', { key: STRANGER_KEY }, 'signature-wrong'],
  [
    'by a stranger whose certificate comes along',
    { key: STRANGER_KEY, keyInfo: STRANGER_KEY.certificate },
    'signature-wrong',
  ],
  ['by our own key', { key: SP_NEW_KEY }, 'signature-wrong'],
  ['by a key of the hub that is not trusted', { key: HUB_NEW_KEY }, 'signature-wrong'],
  ['RSA with SHA-1', { signatureMethod: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }, 'algorithm-not-allowed'],
  ['RSA with MD5', { signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5' }, 'algorithm-not-allowed'],
  [
    'RSA with SHA-384',
    { signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384' },
    'algorithm-not-allowed',
  ],
  [
    'HMAC, with the certificate as its key',
    { signatureMethod: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' },
    'algorithm-not-allowed',
  ],
  ['an algorithm of no name', { signatureMethod: '' }, 'algorithm-not-allowed'],
  ['a digest with SHA-1', { digestMethod: 'http://www.w3.org/2000/09/xmldsig#sha1' }, 'algorithm-not-allowed'],
  ['a digest with MD5', { digestMethod: 'http://www.w3.org/2001/04/xmldsig-more#md5' }, 'algorithm-not-allowed'],
  [
    'inclusive canonical XML',
    { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' },
    'algorithm-not-allowed',
  ],
  ['canonical XML with comments', { canonicalization: `${C14N}WithComments` }, 'algorithm-not-allowed'],
  ['a transform with comments', { transforms: [ENVELOPED, `${C14N}WithComments`] }, 'algorithm-not-allowed'],
  [
    'a transform by XPath',
    { transforms: [ENVELOPED, 'http://www.w3.org/TR/1999/REC-xpath-19991116'] },
    'algorithm-not-allowed',
  ],
  [
    'a transform by XSLT',
    { transforms: ['http://www.w3.org/TR/1999/REC-xslt-19991116', C14N] },
    'algorithm-not-allowed',
  ],
  ['the transforms the other way round', { transforms: [C14N, ENVELOPED] }, 'algorithm-not-allowed'],
  ['a transform too many', { transforms: [ENVELOPED, C14N, C14N] }, 'signature-malformed'],
  ['a transform too few', { transforms: [ENVELOPED] }, 'signature-malformed'],
  ['a reference to the whole document', { reference: '' }, 'signature-malformed'],
  [
    'a reference to another id',
    { reference: '#_response-0123456789abcdef0123456789abcdef01234567' },
    'signature-malformed',
  ],
  ['a reference by an address', { reference: 'https://hub.test/assertion' }, 'signature-malformed'],
  ['a reference by XPointer', { reference: "#xpointer(id('_assertion'))" }, 'signature-malformed'],
];

describe('an assertion that is signed', () => {
  it.each(signedOtherwise)('otherwise than we ask is refused: %s', (_, signature, fault) => {
    expect(faultOf(respond({ signature }))).toBe(fault);
  });
});

const after = (tag: string, more: string) => (xml: string) => xml.replace(`</ds:${tag}>`, `</ds:${tag}>${more}`);
const doubled = (tag: string) => (xml: string) => xml.replace(new RegExp(`<ds:${tag}[ >].*?</ds:${tag}>`, 's'), '$&$&');
const withText = (tag: string, text: string) => (xml: string) =>
  xml.replace(new RegExp(`(<ds:${tag}>)[^<]*`), `$1${text}`);

const withList = (xml: string, prefixes: string) =>
  xml.replace(
    '</ds:CanonicalizationMethod>',
    `<x:InclusiveNamespaces xmlns:x="${C14N}" PrefixList="${prefixes}"></x:InclusiveNamespaces></ds:CanonicalizationMethod>`,
  );

const malformed: [name: string, change: (xml: string) => string, fault: SamlFault][] = [
  ['a second SignedInfo', doubled('SignedInfo'), 'signature-malformed'],
  ['a second Reference', doubled('Reference'), 'signature-malformed'],
  ['a second DigestValue', doubled('DigestValue'), 'signature-malformed'],
  ['a second SignatureValue', doubled('SignatureValue'), 'signature-malformed'],
  ['a second SignatureMethod', doubled('SignatureMethod'), 'signature-malformed'],
  ['an empty SignatureValue', withText('SignatureValue', ''), 'signature-malformed'],
  ['an empty DigestValue', withText('DigestValue', ''), 'signature-malformed'],
  ['a blank DigestValue', withText('DigestValue', ' '), 'signature-malformed'],
  ['a comment in DigestValue', withText('DigestValue', 'AAAA<!-- -->'), 'markup-forbidden'],
  ['an element in DigestValue', withText('DigestValue', 'AAAA<ds:x></ds:x>'), 'signature-malformed'],
  ['a SignatureValue that is no base64', withText('SignatureValue', '?'), 'signature-malformed'],
  ['a SignatureValue of another length', withText('SignatureValue', 'AAAA'), 'signature-wrong'],
  ['another DigestValue', withText('DigestValue', 'AAAA'), 'signature-wrong'],
  ['no SignedInfo', (xml) => xml.replace(/<ds:SignedInfo>.*<\/ds:SignedInfo>/s, ''), 'signature-malformed'],
  ['no SignatureValue', (xml) => xml.replace(/<ds:SignatureValue>.*<\/ds:SignatureValue>/s, ''), 'signature-malformed'],
  ['no Transforms', (xml) => xml.replace(/<ds:Transforms>.*<\/ds:Transforms>/s, ''), 'signature-malformed'],
  [
    'SignedInfo of another namespace',
    (xml) => xml.replace('<ds:SignedInfo>', '<ds:SignedInfo xmlns:ds="urn:x">'),
    'signature-malformed',
  ],
  ['an element of no name of the standard', after('SignatureValue', '<ds:x></ds:x>'), 'signature-malformed'],
  [
    'a length of HMAC',
    (xml) => xml.replace('</ds:SignatureMethod>', '<ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>'),
    'signature-malformed',
  ],
  [
    'more certificates than anybody has',
    after('SignatureValue', `<ds:KeyInfo>${'<ds:X509Data></ds:X509Data>'.repeat(40)}</ds:KeyInfo>`),
    'signature-malformed',
  ],
  [
    'more prefixes to keep than anybody has',
    (xml) => withList(xml, Array.from({ length: 17 }, (_, n) => `p${n}`).join(' ')),
    'signature-malformed',
  ],
  ['a prefix to keep that is none', (xml) => withList(xml, 'x:y'), 'signature-malformed'],
  [
    'more elements than are signed',
    (xml) => xml.replace('<samlp:Status>', `<samlp:Extensions>${'<x></x>'.repeat(80)}</samlp:Extensions>$&`),
    'too-complex',
  ],
  [
    'parameters of a transform',
    (xml) => xml.replace('</ds:Transform>', '<ds:XPath>x</ds:XPath></ds:Transform>'),
    'signature-malformed',
  ],
  [
    'an Algorithm of another namespace',
    (xml) => xml.replace('<ds:DigestMethod', '<ds:DigestMethod xmlns:x="urn:x" x:Algorithm="y"'),
    'signature-malformed',
  ],
  ['a list of prefixes that was not signed', (xml) => withList(xml, 'saml'), 'signature-wrong'],
];

describe('a signature with two ways to read it, or none', () => {
  it.each(malformed)('is refused: %s', (_, change, fault) => {
    expect(faultOf(tamper(change))).toBe(fault);
  });
});
