/** What metadata is written in, beside signatures. */
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const METADATA_UI = 'urn:oasis:names:tc:SAML:metadata:ui';
export const SHIBBOLETH_METADATA = 'urn:mace:shibboleth:metadata:1.0';
