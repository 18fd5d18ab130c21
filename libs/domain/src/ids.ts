declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Names one account for ever; a UUIDv7, never personal data (design §2). */
export type UserId = Branded<'UserId'>;

/** Names one login; a random UUID. It is public (`publicSessionReference`) and opens nothing. */
export type SessionId = Branded<'SessionId'>;

/** Names one one-time token, and is its `jti` claim (RFC 7519 §4.1.7); a random UUID. */
export type OneTimeTokenId = Branded<'OneTimeTokenId'>;

/** Names one row of the vault that holds a secret: a password hash or a private key. */
export type CredentialId = Branded<'CredentialId'>;

/** Names one signing key in tokens and key sets (RFC 7517 §4.5). */
export type KeyId = Branded<'KeyId'>;

/** `<category>-<id>`; the category has no dash, since the first dash ends it. */
export type StreamName = `${string}-${string}`;

export const asUserId = (value: string) => value as UserId;
export const asSessionId = (value: string) => value as SessionId;
export const asOneTimeTokenId = (value: string) => value as OneTimeTokenId;
export const asCredentialId = (value: string) => value as CredentialId;
export const asKeyId = (value: string) => value as KeyId;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text is a UUID in the one form that ids of ours have: lower case, with dashes (RFC 9562 §4). */
export const isUuid = (text: string) => UUID.test(text);

export const userStream = (id: UserId): StreamName => `user-${id}`;
export const sessionStream = (id: SessionId): StreamName => `session-${id}`;
export const oneTimeTokenStream = (id: OneTimeTokenId): StreamName => `onetime-${id}`;

/** The category of a stream: what stands before its first dash. */
export const categoryOf = (stream: string) => stream.slice(0, stream.indexOf('-'));

/** What a stream is about: what stands behind its first dash. */
export const idIn = (stream: string) => stream.slice(stream.indexOf('-') + 1);
