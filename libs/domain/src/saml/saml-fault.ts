/**
 * What was wrong with a SAML message, by what it is about. For the log and the audit: whoever sent the message is told no more than
 * that it was refused.
 */
export const SAML_FAULTS = [
  // What was posted is no message.
  'form-malformed',
  'too-large',
  'encoding-invalid',
  'markup-forbidden',
  'too-complex',
  'xml-invalid',
  'root-unexpected',
  // The structure of the message, before its signatures are looked at.
  'version-unsupported',
  'assertion-count',
  'id-not-unique',
  'signature-missing',
  'signature-misplaced',
  'signature-malformed',
  'algorithm-not-allowed',
  'issuer-unknown',
  'destination-wrong',
  'status-not-success',
  // The signatures.
  'decryption-failed',
  'signature-wrong',
  // The meaning of what is signed.
  'assertion-malformed',
  'issuer-wrong',
  'issue-instant-wrong',
  'subject-missing',
  'confirmation-wrong',
  'recipient-wrong',
  'request-unknown',
  'request-wrong',
  'conditions-wrong',
  'audience-wrong',
  'expired',
  'not-yet-valid',
  'authentication-missing',
  'authentication-stale',
  'session-over',
  // Whether it belongs to this browser, and is new.
  'browser-wrong',
  'request-expired',
  'request-answered',
  'assertion-replayed',
  // Who it is about.
  'identifier-missing',
  'identifier-ambiguous',
  'organisation-ambiguous',
  'organisation-wrong',
  'institution-not-admitted',
  'self-registered-not-admitted',
  'nemlogin-not-admitted',
  'account-not-usable',
] as const;

export type SamlFault = (typeof SAML_FAULTS)[number];
