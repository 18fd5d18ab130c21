/** The namespaces that SAML messages and metadata are written in. */
export const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const METADATA_UI = 'urn:oasis:names:tc:SAML:metadata:ui';
export const SHIBBOLETH_METADATA = 'urn:mace:shibboleth:metadata:1.0';
export const XML_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';
