const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:';

export const SUCCESS = `${STATUS}Success`;
/** Of the second level: not everybody could be told. */
export const PARTIAL_LOGOUT = `${STATUS}PartialLogout`;
