import type { Refusal } from '../refused.js';

/** What a refused request came up against. */
export type RefusalKind =
  'csrf' | 'origin' | 'reuse' | 'role' | 'saml' | 'scope' | 'second-factor' | 'step-up' | 'throttled' | 'token';

/** What is answered to a SAML message that is not accepted, whatever its fault is. */
export type SamlRefusalCode = 'saml-login-refused' | 'saml-message-invalid' | 'saml-message-too-large';

interface RecordedRefusal {
  readonly kind: RefusalKind;
  /** What it may be a sign of. */
  readonly reason: string;
}

/** What the log keeps of refused requests, by the code of their answer (SEC-156); the order is that of docs/audit.md. */
export const RECORDED_REFUSALS = {
  'role-not-allowed': { kind: 'role', reason: 'Somebody tries what others may do.' },
  'caller-not-listed': { kind: 'role', reason: 'A service makes a call that is for others.' },
  'administration-withdrawn': { kind: 'role', reason: 'Two administrators take the office from each other.' },
  'scope-missing': { kind: 'scope', reason: 'A narrow token is tried on more.' },
  'scope-not-covered': { kind: 'scope', reason: 'Somebody asks for a token that may do more than their own.' },
  'extension-not-allowed': {
    kind: 'scope',
    reason: 'A service wants more of a user’s rights than it is trusted with.',
  },
  'extended-token-not-allowed': { kind: 'scope', reason: 'A service tries its user’s own affairs with a lent token.' },
  'personal-data-not-allowed': { kind: 'role', reason: 'An auditor wants to see more than they were let.' },
  'step-up-required': {
    kind: 'step-up',
    reason: 'A stolen session fails here; so does an owner who logged in long ago.',
  },
  'origin-not-trusted': { kind: 'origin', reason: 'A foreign page sends requests in the name of a visitor.' },
  'csrf-token-missing': { kind: 'csrf', reason: 'A request has the cookie and nothing that only our pages know.' },
  'csrf-token-wrong': { kind: 'csrf', reason: 'The cookie and the CSRF token are of different sessions.' },
  'login-throttled': { kind: 'throttled', reason: 'Somebody goes on guessing though every further guess is in vain.' },
  'requests-throttled': { kind: 'throttled', reason: 'Somebody asks for more mails than anybody needs.' },
  'second-factor-wrong': { kind: 'second-factor', reason: 'Somebody knows the password and not the code.' },
  'refresh-token-reused': { kind: 'reuse', reason: 'A spent token came back: one of its two holders is a thief.' },
  'refresh-token-unknown': { kind: 'token', reason: 'Somebody guesses, or has a token that was made elsewhere.' },
  'provider-token-unknown': { kind: 'token', reason: 'The same, of a provider.' },
  'claim-token-unknown': { kind: 'token', reason: 'Somebody wants to be a provider, and was not invited.' },
  'one-time-token-unknown': { kind: 'token', reason: 'A token that was never issued is claimed.' },
  'one-time-token-claimed': { kind: 'token', reason: 'A token is used twice: it was read on its way.' },
  'one-time-token-wrong-audience': { kind: 'token', reason: 'A token turns up where it was not meant for.' },
  'email-token-unknown': { kind: 'token', reason: 'A link of a mail is used twice, or guessed.' },
  'reset-token-unknown': { kind: 'token', reason: 'A link of a mail is used twice, or guessed.' },
  'saml-login-refused': {
    kind: 'saml',
    reason:
      'A message of an identity provider is forged, late, used twice or not for this browser; the fault says which.',
  },
  'saml-message-invalid': { kind: 'saml', reason: 'What was sent as a message of an identity provider is none.' },
  'saml-message-too-large': { kind: 'saml', reason: 'The same, and it would take much time to find out.' },
} as const satisfies Partial<
  Record<Refusal | SamlRefusalCode | 'origin-not-trusted' | 'csrf-token-missing' | 'csrf-token-wrong', RecordedRefusal>
>;

export type RecordedCode = keyof typeof RECORDED_REFUSALS;

/** Whether requests that are answered with this code are kept. */
export const isRecorded = (code: string): code is RecordedCode => Object.hasOwn(RECORDED_REFUSALS, code);

/** What the log does not keep, and why: everything else that an answer can say. */
export const UNRECORDED_REFUSALS: readonly { readonly reason: string; readonly codes: readonly string[] }[] = [
  {
    reason: '`LoginFailed` has it, with the same facts.',
    codes: ['credentials-invalid', 'password-wrong'],
  },
  {
    reason: 'Everyday: tokens and links run out, sessions end, and clients notice by this answer.',
    codes: [
      'access-token-invalid',
      'access-token-missing',
      'claim-token-expired',
      'email-token-expired',
      'one-time-token-expired',
      'one-time-token-revoked',
      'reset-token-expired',
      'session-ended',
      'session-expired',
    ],
  },
  {
    reason: 'A question that has no answer: ids are random, and guessing them leads nowhere.',
    codes: [
      'credential-unknown',
      'erasure-unknown',
      'iterator-unknown',
      'method-not-allowed',
      'nothing-sealed',
      'parked-event-unknown',
      'position-not-sealed',
      'projection-unknown',
      'provider-unknown',
      'rebuild-unknown',
      'route-unknown',
      'second-factor-missing',
      'selection-unknown',
      'session-unknown',
      'signing-key-unknown',
      'undo-unknown',
      'user-erased',
      'user-unknown',
    ],
  },
  {
    reason: 'A mistake in what was sent, which was not looked at any further.',
    codes: [
      'agreement-not-current',
      'auditor-not-assignable',
      'body-invalid',
      'body-too-large',
      'content-type-unsupported',
      'cookie-missing',
      'email-invalid',
      'erasure-not-applicable',
      'headers-too-large',
      'idempotency-key-invalid',
      'idempotency-key-reused',
      'identity-provider-unknown',
      'login-service-unknown',
      'name-asserted',
      'name-invalid',
      'own-account',
      'parameter-invalid',
      'password-breached',
      'password-common',
      'password-hash-invalid',
      'password-missing',
      'password-not-applicable',
      'password-too-long',
      'password-too-short',
      'password-unchanged',
      'position-beyond-log',
      'provider-id-invalid',
      'range-empty',
      'reason-invalid',
      'request-invalid',
      'request-timeout',
      'role-not-assignable',
      'scope-invalid',
      'time-before-log',
      'time-beyond-log',
      'second-factor-required',
      'token-lifetime-invalid',
      'tree-size-unknown',
      'url-invalid',
      'url-too-long',
      'username-invalid',
    ],
  },
  {
    reason: 'Two wanted the same; what was done is in the log.',
    codes: [
      'account-changed-meanwhile',
      'account-suspended',
      'conflict',
      'credential-ended',
      'credential-rotated-meanwhile',
      'credential-superseded',
      'credentials-too-many',
      'email-taken',
      'head-out-of-order',
      'identity-taken',
      'iterator-advanced-meanwhile',
      'legal-hold',
      'parked-event-waits',
      'password-changed-meanwhile',
      'provider-renewed-meanwhile',
      'rebuild-runs',
      'reservation-lost',
      'user-creation-abandoned',
      'username-taken',
    ],
  },
  {
    reason: 'A fault or a limit of ours; metrics and the program’s log tell of it.',
    codes: ['internal', 'logins-busy', 'read-model-behind', 'saml-unavailable', 'store-unavailable'],
  },
];
