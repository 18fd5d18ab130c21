import { HttpException } from '@nestjs/common';
import { type Refusal, Refused } from '#domain/refused.js';
import { AppendOutcomeUnknown, ConcurrencyConflict, StoreUnavailable } from '#event-store/event-store.js';
import { IdempotencyKeyReused } from '#event-store/repository.js';
import { ReadModelBehind } from '#read-models/progress.js';
import { HasherBusy } from '#vault/password-hasher.js';
import { BadRequest, type RequestFault } from '../../bad-request.js';

/** What UCloud's clients read when something went wrong (ucloud-users-api §2.2); here the code is never null. */
export interface ErrorBody {
  readonly why: string;
  readonly errorCode: string;
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
  'credentials-invalid': { status: 401, why: CREDENTIALS_INVALID },
  'email-invalid': { status: 400, why: 'The e-mail address is not valid.' },
  'email-taken': { status: 409, why: 'Another user has this e-mail address.' },
  'extended-token-not-allowed': { status: 403, why: 'Invalid token' },
  'extension-not-allowed': { status: 403, why: 'The caller may not extend tokens with these scopes.' },
  'login-throttled': { status: 429, why: 'Too many failed logins. Wait, then try again.' },
  'name-invalid': { status: 400, why: 'A name is not valid.' },
  'one-time-token-claimed': { status: 409, why: 'The one-time token has been claimed.' },
  'one-time-token-expired': { status: 410, why: 'The one-time token has expired.' },
  'one-time-token-revoked': { status: 410, why: 'The session that the one-time token came from has ended.' },
  'one-time-token-unknown': { status: 404, why: 'No one-time token with this id was issued.' },
  'one-time-token-wrong-audience': { status: 403, why: 'The one-time token is not for this audience.' },
  'password-missing': { status: 400, why: 'A password is needed.' },
  'password-too-long': { status: 400, why: 'The password is too long.' },
  'password-too-short': { status: 400, why: 'The password is too short.' },
  'refresh-token-reused': { status: 401, why: 'The refresh token was used before, so its session was ended.' },
  'refresh-token-unknown': { status: 401, why: 'Invalid token' },
  'reservation-lost': { status: 409, why: 'The name was taken meanwhile. Try again.' },
  'role-not-allowed': { status: 403, why: 'The role of the caller does not allow this call.' },
  'role-not-assignable': { status: 400, why: 'The role cannot be given.' },
  'scope-invalid': { status: 400, why: 'A scope is not valid.' },
  'scope-missing': { status: 403, why: 'Missing scope' },
  'scope-not-covered': { status: 403, why: 'A scope is not covered by the token that was presented.' },
  'session-ended': { status: 401, why: 'The session has ended.' },
  'session-expired': { status: 401, why: 'The session has expired.' },
  'session-unknown': { status: 404, why: 'There is no such session.' },
  'signing-key-unknown': { status: 404, why: 'There is no such key.' },
  'token-lifetime-invalid': { status: 400, why: 'The lifetime is not valid.' },
  'user-creation-abandoned': { status: 409, why: 'Creating the user was given up. Try again.' },
  'user-unknown': { status: 404, why: 'User not found' },
  'username-invalid': { status: 400, why: 'The user name is not valid.' },
  'username-taken': { status: 409, why: 'User already exists' },
};

const FAULT_STATUS: Partial<Readonly<Record<RequestFault, number>>> = {
  'content-type-unsupported': 415,
  'url-too-long': 414,
};

/** Faults that the server finds before any of our code sees the request. */
const SERVER_FAULTS: Readonly<Record<string, Answer & { readonly code: string }>> = {
  FST_ERR_BAD_URL: { status: 400, code: 'url-invalid', why: 'The address is not well-formed.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'body-too-large', why: 'The body is larger than 64 KiB.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'body-invalid',
    why: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'content-type-unsupported',
    why: 'Send JSON as application/json.',
  },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: 'url-too-long', why: 'A part of the address is too long.' },
  FST_FILES_LIMIT: { status: 413, code: 'body-too-large', why: 'Send form fields, no files.' },
  FST_FIELDS_LIMIT: { status: 413, code: 'body-too-large', why: 'The form has too many fields.' },
  FST_PARTS_LIMIT: { status: 413, code: 'body-too-large', why: 'The form has too many parts.' },
  FST_INVALID_MULTIPART_CONTENT_TYPE: { status: 400, code: 'body-invalid', why: 'The form is not well-formed.' },
};

const RETRY_SOON_SECONDS = 1;

/** What an error is to the client. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfterSeconds?: number;
}

const answer = (status: number, errorCode: string, why: string): ErrorAnswer => ({ status, body: { why, errorCode } });

const unavailable = (errorCode: string, why: string): ErrorAnswer => ({
  ...answer(503, errorCode, `${why} Try again in a second.`),
  retryAfterSeconds: RETRY_SOON_SECONDS,
});

/** The answer to an error that was to be expected; undefined for a fault of ours. */
export function answerTo(error: unknown): ErrorAnswer | undefined {
  if (error instanceof Refused) {
    const { status, why } = REFUSALS[error.code];
    return { ...answer(status, error.code, error.explanation ?? why), ...error.details };
  }
  if (error instanceof BadRequest) return answer(FAULT_STATUS[error.code] ?? 400, error.code, error.explanation);
  if (error instanceof IdempotencyKeyReused) return answer(422, 'idempotency-key-reused', error.message);
  if (error instanceof ConcurrencyConflict)
    return answer(409, 'conflict', 'Others changed the same thing at the same moment. Try again.');
  if (error instanceof HasherBusy) return unavailable('logins-busy', 'Too many logins at this moment.');
  if (error instanceof ReadModelBehind) return unavailable('read-model-behind', 'The list is not up to date yet.');
  if (error instanceof StoreUnavailable || error instanceof AppendOutcomeUnknown)
    return unavailable('store-unavailable', 'The event log cannot be written at this moment.');
  return serverFault(error);
}

/** What the web server or the framework refused. */
function serverFault(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const known = SERVER_FAULTS['code' in error ? String(error.code) : ''];
  if (known !== undefined) return answer(known.status, known.code, known.why);
  const status =
    error instanceof HttpException ? error.getStatus() : 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500
    ? answer(status, 'request-invalid', 'The request is not well-formed.')
    : undefined;
}
