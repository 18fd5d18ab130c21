import { HttpException } from '@nestjs/common';
import { isDatabaseLost } from '#database/database-lost.js';
import { inMinutes } from '#domain/duration.js';
import type { SamlRefusalCode } from '#domain/refusal/recorded-refusals.js';
import { type Refusal, Refused } from '#domain/refused.js';
import { type SamlRefusalKind, SamlRefused } from '#domain/saml/saml-refused.js';
import { USER_ITERATOR_MS } from '#domain/user-iterator/user-iterator.js';
import { MAX_CREDENTIALS } from '#domain/user/credentials.js';
import { AppendOutcomeUnknown, ConcurrencyConflict, StoreUnavailable } from '#event-store/event-store.js';
import { IdempotencyKeyReused } from '#event-store/repository.js';
import { ReadModelBehind } from '#read-models/progress.js';
import { HasherBusy } from '#vault/password-hasher.js';
import { BadRequest, type RequestFault } from '../../bad-request.js';
import { IdentityProviderUnavailable } from '../../saml/identity-provider-unavailable.js';

/** What UCloud's clients read when something went wrong (ucloud-users-api §2.2); here the code is never null. */
export interface ErrorBody {
  readonly why: string;
  readonly errorCode: ErrorCode;
}

interface Answer {
  readonly status: number;
  readonly why: string;
}

const CREDENTIALS_INVALID = 'The user name or the password is wrong.';

/** Every refusal of the rules on this surface; the explanation of a refusal goes before the words here. */
const REFUSALS: Readonly<Record<Refusal, Answer>> = {
  'access-token-invalid': { status: 401, why: 'The access token was not accepted.' },
  'access-token-missing': { status: 401, why: 'Send an access token as Authorization: Bearer <token>.' },
  'account-suspended': { status: 409, why: 'The account is suspended. Reinstate it first.' },
  'account-changed-meanwhile': { status: 409, why: 'The account was changed at the same moment. Try again.' },
  'administration-withdrawn': {
    status: 409,
    why: 'Another administrator is taking yours from you. If they do not, end all your sessions and log in again.',
  },
  'agreement-not-current': { status: 400, why: 'This is not the current agreement.' },
  'auditor-not-assignable': { status: 400, why: 'The account cannot read the audit.' },
  'caller-not-listed': { status: 403, why: 'The caller may not make this call.' },
  'claim-token-expired': { status: 410, why: 'The claim token has expired. Renew the provider.' },
  'claim-token-unknown': { status: 404, why: 'There is no such claim token, or it is void.' },
  'credential-ended': { status: 409, why: 'The credential that was asked for has ended since.' },
  'credential-rotated-meanwhile': { status: 409, why: 'Another rotation was quicker. Look before you ask again.' },
  'credential-superseded': {
    status: 409,
    why: 'A newer credential has replaced this one. Use that, or ask an administrator for another.',
  },
  'credential-unknown': { status: 404, why: 'The service has no such credential.' },
  'credentials-too-many': {
    status: 409,
    why: `The service has ${MAX_CREDENTIALS} credentials that have not expired. Wait for some, or revoke all.`,
  },
  'credentials-invalid': { status: 401, why: CREDENTIALS_INVALID },
  'email-invalid': { status: 400, why: 'The e-mail address is not valid.' },
  'email-token-expired': { status: 410, why: 'The link in the mail has expired. Ask for another one.' },
  'email-token-unknown': { status: 404, why: 'The link in the mail was used, or a newer one was asked for.' },
  'email-taken': { status: 409, why: 'Another user has this e-mail address.' },
  'erasure-not-applicable': { status: 400, why: 'The account is no person.' },
  'erasure-unknown': { status: 404, why: 'The user was not erased.' },
  'extended-token-not-allowed': { status: 403, why: 'Invalid token' },
  'extension-not-allowed': { status: 403, why: 'The caller may not extend tokens with these scopes.' },
  'head-out-of-order': { status: 409, why: 'Another head was signed in the meantime.' },
  'iterator-advanced-meanwhile': { status: 409, why: 'Another one asked for the same page. Ask again.' },
  'iterator-unknown': {
    status: 404,
    why: `There is no such iterator: it was closed, or is older than ${inMinutes(USER_ITERATOR_MS)} minutes.`,
  },
  'identity-taken': { status: 409, why: 'Another account has this identity.' },
  'legal-hold': {
    status: 409,
    why: 'A legal hold keeps the user from being erased. An administrator can lift it when it is needed no longer.',
  },
  'login-throttled': { status: 429, why: 'Too many failed logins. Wait, then try again.' },
  'name-asserted': {
    status: 400,
    why: 'The names of this account come from its identity provider. They are corrected there.',
  },
  'name-invalid': { status: 400, why: 'A name is not valid.' },
  'nothing-sealed': { status: 404, why: 'Nothing is sealed yet. Ask again in a few seconds.' },
  'one-time-token-claimed': { status: 409, why: 'The one-time token has been claimed.' },
  'one-time-token-expired': { status: 410, why: 'The one-time token has expired.' },
  'one-time-token-revoked': { status: 410, why: 'The session that the one-time token came from has ended.' },
  'one-time-token-unknown': { status: 404, why: 'No one-time token with this id was issued.' },
  'one-time-token-wrong-audience': { status: 403, why: 'The one-time token is not for this audience.' },
  'own-account': { status: 400, why: 'Not with your own account.' },
  'parked-event-unknown': { status: 404, why: 'The projection has no such parked event.' },
  'parked-event-waits': {
    status: 409,
    why: 'The event did not fail, it waits for one that did. Leave out the first of its line.',
  },
  'password-changed-meanwhile': { status: 409, why: 'The password was changed meanwhile. Log in again.' },
  'password-breached': { status: 400, why: 'The password is known from a breach. Choose another one.' },
  'password-common': { status: 400, why: 'The password is too common.' },
  'password-hash-invalid': { status: 400, why: 'The hash of the password cannot be used.' },
  'password-missing': { status: 400, why: 'A password is needed.' },
  'password-not-applicable': { status: 400, why: 'The account has no password.' },
  'password-too-long': { status: 400, why: 'The password is too long.' },
  'password-too-short': { status: 400, why: 'The password is too short.' },
  'password-unchanged': { status: 400, why: 'This is the password you have.' },
  'password-wrong': { status: 400, why: 'The current password is wrong.' },
  'personal-data-not-allowed': { status: 403, why: 'You may read the audit, but nothing that is personal in it.' },
  'position-not-sealed': { status: 404, why: 'No event at that position is sealed yet.' },
  'position-beyond-log': { status: 400, why: 'The log ends before that position.' },
  'projection-unknown': { status: 404, why: 'There is no such projection.' },
  'provider-id-invalid': { status: 400, why: 'The id of the provider is not valid.' },
  'provider-renewed-meanwhile': { status: 409, why: 'Another renewal was quicker. Look before you ask again.' },
  'provider-token-unknown': { status: 403, why: 'The refresh token of a provider was not accepted.' },
  'provider-unknown': { status: 404, why: 'There is no such provider.' },
  'range-empty': { status: 400, why: 'The range ends before it begins.' },
  'reason-invalid': { status: 400, why: 'The reason is not valid.' },
  'rebuild-runs': {
    status: 409,
    why: 'The projection is being rebuilt. See how it gets on, or cancel it before you begin another one.',
  },
  'rebuild-unknown': { status: 409, why: 'The projection is not being rebuilt.' },
  'refresh-token-reused': { status: 401, why: 'The refresh token was used before, so its session was ended.' },
  'refresh-token-unknown': { status: 401, why: 'Invalid token' },
  'requests-throttled': { status: 429, why: 'Too many such requests. Wait, then try again.' },
  'reservation-lost': { status: 409, why: 'The name was taken meanwhile. Try again.' },
  'reset-token-expired': { status: 403, why: 'The link in the mail has expired. Ask for another one.' },
  'reset-token-unknown': { status: 404, why: 'The link in the mail was used, or a newer one was asked for.' },
  'role-not-allowed': { status: 403, why: 'The role of the caller does not allow this call.' },
  'role-not-assignable': { status: 400, why: 'The role cannot be given.' },
  'scope-invalid': { status: 400, why: 'A scope is not valid.' },
  'scope-missing': { status: 403, why: 'Missing scope' },
  'scope-not-covered': { status: 403, why: 'A scope is not covered by the token that was presented.' },
  'selection-unknown': {
    status: 404,
    why: 'There is no such selection of sessions, or it is too old. Look again first.',
  },
  'second-factor-missing': { status: 400, why: 'There is no second factor.' },
  'second-factor-required': {
    status: 400,
    why: 'You need a second factor. Replace it instead: log in with it, then POST /auth/2fa.',
  },
  'second-factor-wrong': { status: 401, why: 'The code was not accepted, or the challenge is over.' },
  'session-ended': { status: 401, why: 'The session has ended.' },
  'session-expired': { status: 401, why: 'The session has expired.' },
  'session-unknown': { status: 404, why: 'There is no such session.' },
  'signing-key-unknown': { status: 404, why: 'There is no such key.' },
  'step-up-required': { status: 401, why: 'Log in again, then ask once more.' },
  'time-before-log': { status: 400, why: 'The log begins after that time.' },
  'time-beyond-log': { status: 400, why: 'That time is yet to come.' },
  'token-lifetime-invalid': { status: 400, why: 'The lifetime is not valid.' },
  'tree-size-unknown': { status: 400, why: 'The tree had no such size.' },
  'undo-unknown': { status: 409, why: 'There are no replaced tables to go back to.' },
  'user-creation-abandoned': { status: 409, why: 'Creating the user was given up. Try again.' },
  'user-erased': { status: 410, why: 'The user was erased.' },
  'user-unknown': { status: 404, why: 'User not found' },
  'username-invalid': { status: 400, why: 'The user name is not valid.' },
  'username-taken': { status: 409, why: 'User already exists' },
};

const FAULT_STATUS: Readonly<Record<RequestFault, number>> = {
  'body-invalid': 400,
  'content-type-unsupported': 415,
  'cookie-missing': 400,
  'csrf-token-missing': 400,
  'csrf-token-wrong': 401,
  'idempotency-key-invalid': 400,
  'identity-provider-unknown': 400,
  'login-service-unknown': 400,
  'origin-not-trusted': 400,
  'parameter-invalid': 400,
  'saml-not-configured': 404,
  'url-too-long': 414,
};

/** Nothing that whoever forges messages could learn from: it is the same whatever the fault is. */
const SAML_REFUSALS: Readonly<Record<SamlRefusalKind, Answer & { readonly errorCode: SamlRefusalCode }>> = {
  malformed: { status: 400, errorCode: 'saml-message-invalid', why: 'This is no message of an identity provider.' },
  'too-large': { status: 413, errorCode: 'saml-message-too-large', why: 'The message is too large.' },
  refused: {
    status: 401,
    errorCode: 'saml-login-refused',
    why: 'The message of the identity provider was not accepted. Begin again at the service.',
  },
};

const OTHER_CODES = [
  'body-too-large',
  'conflict',
  'headers-too-large',
  'idempotency-key-reused',
  'internal',
  'logins-busy',
  'method-not-allowed',
  'read-model-behind',
  'request-invalid',
  'request-timeout',
  'route-unknown',
  'saml-unavailable',
  'store-unavailable',
  'url-invalid',
] as const;

/** Clients may rely on each; docs/api.md lists them by status. */
export type ErrorCode = Refusal | RequestFault | SamlRefusalCode | (typeof OTHER_CODES)[number];

export const ERROR_CODES: readonly string[] = [
  ...Object.keys(REFUSALS),
  ...Object.keys(FAULT_STATUS),
  ...Object.values(SAML_REFUSALS).map(({ errorCode }) => errorCode),
  ...OTHER_CODES,
];

/** What the web server refuses before any of our code sees the request, by its status. */
const SERVER_FAULTS: Readonly<Record<number, readonly [errorCode: ErrorCode, why: string]>> = {
  400: ['request-invalid', 'The request is not well-formed.'],
  408: ['request-timeout', 'The request did not arrive in time.'],
  413: [
    'body-too-large',
    'The body is larger than 64 KiB, or 256 KiB where the response of an identity provider is posted.',
  ],
  414: ['url-too-long', 'A part of the address is too long.'],
  415: ['content-type-unsupported', 'Send JSON as application/json.'],
};

const RETRY_SOON_SECONDS = 1;

const SAML_UNAVAILABLE = 'This identity provider cannot be used at this moment. Try again in a minute.';
const RETRY_SAML_SECONDS = 60;

/** What an error is to the client. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfterSeconds?: number;
}

const answer = (status: number, errorCode: ErrorCode, why: string): ErrorAnswer => ({
  status,
  body: { why, errorCode },
});

const unavailable = (errorCode: ErrorCode, why: string): ErrorAnswer => ({
  ...answer(503, errorCode, `${why} Try again in a second.`),
  retryAfterSeconds: RETRY_SOON_SECONDS,
});

/** The answer to an error that was to be expected; undefined for a fault of ours. */
export function answerTo(error: unknown): ErrorAnswer | undefined {
  if (error instanceof Refused) {
    const { status, why } = REFUSALS[error.code];
    return { ...answer(status, error.code, error.explanation ?? why), ...error.details };
  }
  if (error instanceof SamlRefused) {
    const { status, errorCode, why } = SAML_REFUSALS[error.kind];
    return answer(status, errorCode, why);
  }
  if (error instanceof IdentityProviderUnavailable)
    return { ...answer(503, 'saml-unavailable', SAML_UNAVAILABLE), retryAfterSeconds: RETRY_SAML_SECONDS };
  if (error instanceof BadRequest) return answer(FAULT_STATUS[error.code], error.code, error.explanation);
  if (error instanceof IdempotencyKeyReused) return answer(422, 'idempotency-key-reused', error.message);
  if (error instanceof ConcurrencyConflict)
    return answer(409, 'conflict', 'Others changed the same thing at the same moment. Try again.');
  if (error instanceof HasherBusy) return unavailable('logins-busy', 'Too many logins at this moment.');
  if (error instanceof ReadModelBehind) return unavailable('read-model-behind', 'The list is not up to date yet.');
  if (error instanceof StoreUnavailable || error instanceof AppendOutcomeUnknown)
    return unavailable('store-unavailable', 'The event log cannot be written at this moment.');
  if (isDatabaseLost(error)) return unavailable('store-unavailable', 'The database cannot be used at this moment.');
  return serverFault(error);
}

function serverFault(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const status =
    error instanceof HttpException ? error.getStatus() : 'statusCode' in error ? Number(error.statusCode) : 500;
  const known = SERVER_FAULTS[status] ?? SERVER_FAULTS[400];
  return status >= 400 && status < 500 && known !== undefined ? answer(status, ...known) : undefined;
}
