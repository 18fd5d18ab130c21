import { X509Certificate } from 'node:crypto';
import type { ServiceProvider, ServiceProviderKey } from '../parties.js';
import { PERSISTENT } from '../verified-assertion.js';
import { SAMLP, XMLDSIG } from '../xml/elements.js';
import { type Markup, element } from '../xml/write-xml.js';
import { METADATA, METADATA_UI } from './namespaces.js';
import type { RequestedAttribute } from './requested-attributes.js';
import type { Contact, Localised, ServiceDescription } from './service-description.js';

const POST_BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const REDIRECT_BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const URI_NAME = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri';

/**
 * What identity providers have to know of us, in the order that the schema demands. The same settings give the same bytes: it has no
 * clock and no random id, so that whoever compares two copies sees only what has changed.
 */
export function serviceProviderMetadata(
  { entityId, assertionConsumerUrl, singleLogoutUrl, keys }: ServiceProvider,
  description: ServiceDescription,
  requested: readonly RequestedAttribute[],
): string {
  const role = element(
    'md:SPSSODescriptor',
    {
      AuthnRequestsSigned: String(keys.length > 0),
      WantAssertionsSigned: 'true',
      protocolSupportEnumeration: SAMLP,
    },
    element('md:Extensions', {}, userInterface(description)),
    ...keys.flatMap((key) => [keyDescriptor('signing', key), keyDescriptor('encryption', key)]),
    // Logout messages have to be signed, and whoever has no key cannot answer one.
    ...(keys.length === 0
      ? []
      : [element('md:SingleLogoutService', { Binding: REDIRECT_BINDING, Location: singleLogoutUrl })]),
    element('md:NameIDFormat', {}, PERSISTENT),
    element('md:AssertionConsumerService', {
      Binding: POST_BINDING,
      Location: assertionConsumerUrl,
      index: '0',
      isDefault: 'true',
    }),
    attributeService(description, requested),
  );
  const namespaces = { 'xmlns:md': METADATA, 'xmlns:mdui': METADATA_UI, 'xmlns:ds': XMLDSIG };
  const entity = element(
    'md:EntityDescriptor',
    { ...namespaces, entityID: entityId },
    role,
    ...organization(description),
    ...description.contacts.map(contactPerson),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${entity.text}\n`;
}

const inBoth = (name: string, { da, en }: Localised): Markup[] => [
  element(name, { 'xml:lang': 'da' }, da),
  element(name, { 'xml:lang': 'en' }, en),
];

const userInterface = ({ name, description, privacyStatement, logo }: ServiceDescription): Markup =>
  element(
    'mdui:UIInfo',
    {},
    ...inBoth('mdui:DisplayName', name),
    ...inBoth('mdui:Description', description),
    ...(logo === null
      ? []
      : [element('mdui:Logo', { height: String(logo.height), width: String(logo.width) }, logo.url)]),
    ...(privacyStatement === null ? [] : inBoth('mdui:PrivacyStatementURL', privacyStatement)),
  );

/** Old and new, so that one can take the place of the other while both are known (SEC-116). */
function keyDescriptor(use: 'signing' | 'encryption', { certificate }: ServiceProviderKey): Markup {
  const base64 = new X509Certificate(certificate).raw.toString('base64');
  const data = element('ds:X509Data', {}, element('ds:X509Certificate', {}, base64));
  return element('md:KeyDescriptor', { use }, element('ds:KeyInfo', {}, data));
}

const attributeService = (
  { name, description }: ServiceDescription,
  requested: readonly RequestedAttribute[],
): Markup =>
  element(
    'md:AttributeConsumingService',
    { index: '0', isDefault: 'true' },
    ...inBoth('md:ServiceName', name),
    ...inBoth('md:ServiceDescription', description),
    ...requested.map(({ name: attribute, friendlyName, isRequired }) =>
      element('md:RequestedAttribute', {
        Name: attribute,
        NameFormat: URI_NAME,
        FriendlyName: friendlyName,
        isRequired: String(isRequired),
      }),
    ),
  );

const organization = ({ organization: owner }: ServiceDescription): Markup[] =>
  owner === null
    ? []
    : [
        element(
          'md:Organization',
          {},
          ...inBoth('md:OrganizationName', owner.name),
          ...inBoth('md:OrganizationDisplayName', owner.name),
          ...inBoth('md:OrganizationURL', { da: owner.url, en: owner.url }),
        ),
      ];

const contactPerson = ({ type, name, email }: Contact): Markup =>
  element(
    'md:ContactPerson',
    { contactType: type },
    element('md:GivenName', {}, name),
    element('md:EmailAddress', {}, `mailto:${email}`),
  );
