import { createSign } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { ExclusiveCanonicalization, SignedXml } from 'xml-crypto';
import { ADA_ID, toField } from '../testing/hub-response.js';
import { HUB_OLD_KEY } from '../testing/keys.js';
import { TEST_HUB } from '../testing/parties.js';
import { secondOpinion } from '../testing/second-opinion.js';
import { accept, faultOf, REQUEST_ID } from '../testing/verdict.js';

const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** In other words than the hub's: in lines, with types of values, self-closed, and with namespaces declared where it pleases. */
const typed = `<?xml version="1.0" encoding="UTF-8"?>
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    ID="_r" Version="2.0" IssueInstant="2029-12-31T23:59:00Z" Destination="https://login.authlog.test/auth/saml/acs" InResponseTo="${REQUEST_ID}">
  <saml:Issuer>https://hub.test</saml:Issuer>
  <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
  <saml:Assertion ID="_a" Version="2.0" IssueInstant="2029-12-31T23:59:00Z">
    <saml:Issuer
      Format='urn:oasis:names:tc:SAML:2.0:nameid-format:entity'>https://hub.test</saml:Issuer>
    <saml:Subject>
      <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">
        ${ADA_ID}
      </saml:NameID>
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
        <saml:SubjectConfirmationData NotOnOrAfter="2030-01-01T00:04:00Z" Recipient="https://login.authlog.test/auth/saml/acs" InResponseTo="${REQUEST_ID}"/>
      </saml:SubjectConfirmation>
    </saml:Subject>
    <saml:Conditions NotBefore="2029-12-31T23:58:30Z" NotOnOrAfter="2030-01-01T00:04:00Z">
      <saml:AudienceRestriction><saml:Audience>
        https://authlog.test/saml
      </saml:Audience></saml:AudienceRestriction>
    </saml:Conditions>
    <saml:AuthnStatement AuthnInstant="2029-12-31T23:59:00Z" SessionIndex="_s">
      <saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
    </saml:AuthnStatement>
    <saml:AttributeStatement>
      <saml:Attribute Name="sn" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">
        <saml:AttributeValue xsi:type="xs:string">L&#xF8;velace &amp; "S&#248;n" &gt;</saml:AttributeValue>
      </saml:Attribute>
      <saml:Attribute Name="mail"><saml:AttributeValue/></saml:Attribute>
    </saml:AttributeStatement>
  </saml:Assertion>
</samlp:Response>
`;

/** The namespace of the assertion without a prefix, as Microsoft's writes it. */
const unprefixed = typed
  .replaceAll(/<(\/?)saml:(?!Issuer>https:\/\/hub\.test<\/saml:Issuer>\n {2}<samlp)/g, '<$1')
  .replace('<Assertion', '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"')
  .replace(/<Issuer>(.*?)<\/Issuer>\n {2}<samlp/, '<saml:Issuer>$1</saml:Issuer>\n  <samlp')
  .replace(/<saml:Issuer>(.*?)<\/Issuer>/, '<saml:Issuer>$1</saml:Issuer>');

type Signed = 'Response' | 'Assertion';

function signed(xml: string, element: Signed, prefixes: string[] = []): string {
  const sig = new SignedXml({
    privateKey: HUB_OLD_KEY.privateKey,
    publicCert: HUB_OLD_KEY.certificate,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: C14N,
  });
  sig.addReference({
    xpath: `//*[local-name(.)='${element}']`,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', C14N],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    inclusiveNamespacesPrefixList: prefixes,
  });
  const reference = `//*[local-name(.)='${element}']/*[local-name(.)='Issuer']`;
  sig.computeSignature(xml, { prefix: 'ds', location: { reference, action: 'after' } });
  return prefixes.length === 0 ? sig.getSignedXml() : withListOfLastTransform(sig.getSignedXml());
}

/** The list belongs to the second transform; the library that writes it here gives it to the first, too. */
function withListOfLastTransform(xml: string): string {
  const changed = xml.replace(/<InclusiveNamespaces[^>]*\/>/, '');
  const [signedInfo] = Array.from(new DOMParser().parseFromString(changed).getElementsByTagName('ds:SignedInfo'));
  const value = createSign('RSA-SHA256')
    .update(signedInfo === undefined ? '' : new ExclusiveCanonicalization().process(signedInfo, {}))
    .sign(HUB_OLD_KEY.privateKey, 'base64');
  return changed.replace(/(<ds:SignatureValue>)[^<]*/, `$1${value}`);
}

const writers: [name: string, xml: string][] = [
  ['types, lines and entities, signed by another library', signed(typed, 'Assertion')],
  ['the same, with the response signed', signed(typed, 'Response')],
  ['the same, with both signed', signed(signed(typed, 'Assertion'), 'Response')],
  ['a list of prefixes to keep', signed(typed, 'Assertion', ['xs', 'xsi'])],
  ['a list of prefixes to keep, and the response signed', signed(typed, 'Response', ['xs', 'xsi'])],
  ['lines that end as on Windows', signed(typed, 'Assertion').replaceAll('\n', '\r\n')],
  ['no prefix in the assertion', signed(unprefixed, 'Assertion')],
];

describe('a response of somebody who writes XML otherwise than the hub', () => {
  it.each(writers)('is read all the same: %s', (_, xml) => {
    const { nameId, attributes } = accept(toField(xml));

    expect(nameId.value).toBe(ADA_ID);
    expect(attributes).toEqual(new Map([['sn', ['Løvelace & "Søn" >']]]));
  });

  it.each(writers)('is signed as node-saml says, too: %s', (_, xml) => {
    const opinions = secondOpinion(xml, TEST_HUB.signingCertificates);
    expect(opinions.length).toBeGreaterThan(0);
    expect(opinions).not.toContain(null);
  });

  it.each(writers)('is refused all the same when it was changed: %s', (_, xml) => {
    expect(faultOf(toField(xml.replace('velace', 'velady')))).toBe('signature-wrong');
  });
});
