import { describe, expect, it } from 'vitest';
import { TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { childElements, childrenNamed } from '../xml/elements.js';
import { parseXml } from '../xml/parse-xml.js';
import { METADATA, METADATA_UI } from './namespaces.js';
import type { RequestedAttribute } from './requested-attributes.js';
import type { ServiceDescription } from './service-description.js';
import { serviceProviderMetadata } from './service-provider-metadata.js';

const description: ServiceDescription = {
  name: { da: 'Forskningsskyen', en: 'The research cloud' },
  description: { da: 'Data & beregninger', en: 'Data & "computing"' },
  privacyStatement: { da: 'https://example.org/da', en: 'https://example.org/en' },
  logo: { url: 'https://example.org/logo.png', width: 200, height: 100 },
  organization: { name: { da: 'Universitetet', en: 'The university' }, url: 'https://example.org' },
  contacts: [{ type: 'technical', name: 'Drift', email: 'ops@example.org' }],
};
const requested: RequestedAttribute[] = [
  { name: 'urn:oid:2.5.4.4', friendlyName: 'sn', isRequired: true },
  { name: 'urn:oid:0.9.2342.19200300.100.1.3', friendlyName: 'mail', isRequired: false },
];
const metadata = serviceProviderMetadata(TEST_SERVICE_PROVIDER, description, requested);
const names = (element: Element | undefined) =>
  element === undefined ? [] : childElements(element).map(({ localName }) => localName);

describe('our metadata', () => {
  const root = parseXml(metadata);
  const [role] = childrenNamed(root, METADATA, 'SPSSODescriptor');

  it('has everything in the order of the schema', () => {
    expect(root.getAttribute('entityID')).toBe('https://authlog.test/saml');
    expect(names(root)).toEqual(['SPSSODescriptor', 'Organization', 'ContactPerson']);
    expect(names(role)).toEqual([
      'Extensions',
      'KeyDescriptor',
      'KeyDescriptor',
      'KeyDescriptor',
      'KeyDescriptor',
      'SingleLogoutService',
      'NameIDFormat',
      'AssertionConsumerService',
      'AttributeConsumingService',
    ]);
  });

  it('shows both keys, to verify and to encrypt with, while one takes the place of the other (SEC-116)', () => {
    const uses = role === undefined ? [] : childrenNamed(role, METADATA, 'KeyDescriptor');
    expect(uses.map((key) => key.getAttribute('use'))).toEqual(['signing', 'encryption', 'signing', 'encryption']);
    expect(new Set(uses.map((key) => key.textContent)).size).toBe(2);
    expect(metadata).not.toContain('PRIVATE');
  });

  it('says in Danish and in English what the service is, and which attributes it asks for', () => {
    const ui = role?.getElementsByTagNameNS(METADATA_UI, 'UIInfo')[0];
    expect(names(ui)).toEqual([
      'DisplayName',
      'DisplayName',
      'Description',
      'Description',
      'Logo',
      'PrivacyStatementURL',
      'PrivacyStatementURL',
    ]);
    expect(metadata).toContain('<md:ServiceName xml:lang="da">Forskningsskyen</md:ServiceName>');
    expect(metadata).toContain('<md:ServiceDescription xml:lang="en">Data &amp; &quot;computing&quot;<');
    expect(metadata).toContain(
      '<md:RequestedAttribute Name="urn:oid:2.5.4.4" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" FriendlyName="sn" isRequired="true"/>',
    );
    expect(metadata).toContain('<md:EmailAddress>mailto:ops@example.org</md:EmailAddress>');
  });

  it('is the same bytes each time', () =>
    expect(serviceProviderMetadata(TEST_SERVICE_PROVIDER, description, requested)).toBe(metadata));

  it('offers no single logout and claims no signatures without a key', () => {
    const plain = { ...description, privacyStatement: null, logo: null, organization: null, contacts: [] };
    const keyless = serviceProviderMetadata({ ...TEST_SERVICE_PROVIDER, keys: [] }, plain, []);
    expect(keyless).not.toMatch(/SingleLogoutService|KeyDescriptor|Organization|ContactPerson|Logo|Privacy/);
    expect(keyless).toContain('AuthnRequestsSigned="false" WantAssertionsSigned="true"');
  });
});
