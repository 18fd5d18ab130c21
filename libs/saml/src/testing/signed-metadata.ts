import { SignedXml } from 'xml-crypto';
import { HUB_NEW_KEY, HUB_OLD_KEY } from './keys.js';

/** The hub as its metadata describes it; each part can be another, or left out by being empty. */
export const HUB_METADATA = {
  entityId: 'https://wayf.wayf.dk',
  attributes: '',
  keys: [HUB_OLD_KEY, HUB_NEW_KEY]
    .map(
      ({ certificate }) =>
        `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate.replace(/-----[A-Z ]+-----/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    )
    .join(''),
  logout:
    '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://wayf.wayf.dk/saml2/idp/SingleLogoutService.php"/>',
  login:
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://wayf.wayf.dk/saml2/idp/SSOService2.php"/>',
  extensions: '',
};

export function entityXml(parts: Partial<typeof HUB_METADATA> = {}): string {
  const { entityId, attributes, keys, logout, login, extensions } = { ...HUB_METADATA, ...parts };
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" entityID="${entityId}" ${attributes}>${extensions}<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys}${logout}${login}</md:IDPSSODescriptor></md:EntityDescriptor>`;
}

/** A feed with these entities in it. */
export const feedXml = (entities: string, attributes = 'ID="_feed"'): string =>
  `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ${attributes}>${entities}</md:EntitiesDescriptor>`;

/** How a document is signed, and how it must not be. */
export interface MetadataSigning {
  readonly privateKey: string;
  readonly reference?: string;
  readonly transforms?: readonly string[];
  readonly digest?: string;
  readonly algorithm?: string;
  readonly canonicalization?: string;
  readonly inEveryKeyInfo?: string;
}

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** The document with a signature as the first child of its root. */
export function signMetadata(xml: string, signing: MetadataSigning): string {
  const signer = new SignedXml({
    privateKey: signing.privateKey,
    signatureAlgorithm: signing.algorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: signing.canonicalization ?? EXCLUSIVE_C14N,
    getKeyInfoContent: () => signing.inEveryKeyInfo ?? null,
  });
  signer.addReference({
    xpath: signing.reference ?? '/*',
    transforms: [...(signing.transforms ?? [ENVELOPED, EXCLUSIVE_C14N])],
    digestAlgorithm: signing.digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signer.computeSignature(xml, { prefix: 'ds', location: { reference: '/*', action: 'prepend' } });
  return signer.getSignedXml();
}
