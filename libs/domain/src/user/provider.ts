import { type CredentialId, type KeyId, type SessionId, type UserId, asKeyId, asUserId, isUuid } from '../ids.js';
import { Refused } from '../refused.js';
import { MAX_CREDENTIAL_MS, newestCredential } from './credentials.js';
import { credentialIssued } from './service-account.js';
import { invalidated } from './session-epoch.js';
import { NO_PERSON } from './user-creation.js';
import type { Registrar, UserEvent } from './user-events.js';
import type { ActiveUser, User } from './user-state.js';

/** The key pair that signs the tokens of one provider and of nobody else; its private part never leaves the vault. */
export interface ProviderKey {
  readonly kid: KeyId;
  /** JWS algorithm (RFC 7518 §3.1); what reads providers' tokens knows RSA only. */
  readonly alg: 'RS256';
  /** SPKI in DER, as Base64. */
  readonly publicKey: string;
  /** The private key's row in the vault. */
  readonly credentialId: CredentialId;
}

/** What an account knows of the provider that it is. */
export interface Provider {
  readonly key: ProviderKey;
  /** Gets the provider its credential; null once a renewal has done so. */
  readonly claim: { readonly tokenHash: string; readonly until: Date } | null;
  readonly claimed: boolean;
}

/** Makes a resource provider, to be claimed by whoever runs it (ucloud-users-api §17). */
export interface RegisterProvider {
  readonly type: 'RegisterProvider';
  readonly id: UserId;
  readonly providerId: string;
  readonly key: ProviderKey;
  /** SHA-256 of the claim token's secret, base64url. */
  readonly claimTokenHash: string;
  /** Of the session that its first credential will be. */
  readonly sessionId: SessionId;
  readonly registeredBy: Registrar;
  readonly now: Date;
}

export type ManageProvider =
  /** Hands its credential over to who has the claim token; repeated, it is handed over again. */
  | { readonly type: 'ClaimProvider'; readonly presentedHash: string; readonly now: Date }
  /** Gives it another key and another credential; what it had is void at once. */
  | {
      readonly type: 'RenewProvider';
      /** The key that whoever asks has seen: of two who ask at the same moment one is refused. */
      readonly replaces: KeyId;
      readonly key: ProviderKey;
      readonly sessionId: SessionId;
      readonly now: Date;
    };

/** ucloud-users-api §13.3. */
const NAME_PREFIX = '#P_';
const UUID_LENGTH = 36;
const PROVIDER_ID = /^[A-Za-z0-9_.-]{1,64}$/;

/** How long a provider may take to claim what was registered for it; after that it has to be renewed. */
export const CLAIM_MS = 86_400_000;

/** The user name of the provider's account. */
export const providerName = (providerId: string) => `${NAME_PREFIX}${providerId}`;

/** The other way round. */
export const providerIdOf = (username: string) => username.slice(NAME_PREFIX.length);

/** A name for a provider's key that says whose it is: no other account may ever use it. @param random tells keys apart */
export const providerKeyId = (holder: UserId, random: string): KeyId => asKeyId(`${holder}_${random}`);

/** Whose key it would be; null for a name that no key of a provider has. */
export function holderOf(kid: string): UserId | null {
  const holder = kid.slice(0, UUID_LENGTH);
  return isUuid(holder) && kid[UUID_LENGTH] === '_' ? asUserId(holder) : null;
}

/** The provider after one more event. */
export function evolveProvider(
  provider: Provider | null,
  { type, data }: Extract<UserEvent, { type: `Provider${string}` }>,
): Provider | null {
  switch (type) {
    case 'ProviderRegistered': {
      const { claimTokenHash: tokenHash, claimableUntil } = data;
      return { key: keyIn(data), claim: { tokenHash, until: new Date(claimableUntil) }, claimed: false };
    }
    case 'ProviderClaimed':
      return provider && { ...provider, claimed: true };
    case 'ProviderRenewed':
      return { key: keyIn(data), claim: null, claimed: true };
  }
}

const keyIn = ({ kid, alg, publicKey, credentialId }: ProviderKey): ProviderKey => ({
  kid,
  alg,
  publicKey,
  credentialId,
});

/** @throws Refused `provider-id-invalid` */
export function providerRegistered(command: RegisterProvider): UserEvent[] {
  const { id, providerId, key, claimTokenHash, sessionId, registeredBy, now } = command;
  if (!PROVIDER_ID.test(providerId))
    throw new Refused(
      'provider-id-invalid',
      'The id of a provider is 1 to 64 letters of A to Z and a to z, digits, dots, dashes and underscores.',
    );
  const username = providerName(providerId);
  const claimableUntil = new Date(now.getTime() + CLAIM_MS).toISOString();
  return [
    {
      type: 'UserCreated',
      data: { userId: id, kind: 'provider', role: 'PROVIDER', username, ...NO_PERSON, registeredBy },
    },
    { type: 'ProviderRegistered', data: { userId: id, ...key, claimTokenHash, claimableUntil } },
    credentialIssued(id, { sessionId, lifetimeMs: MAX_CREDENTIAL_MS }, null, now),
  ];
}

/** @throws Refused */
export function providerClaimed(
  state: User,
  { presentedHash, now }: Extract<ManageProvider, { type: 'ClaimProvider' }>,
): UserEvent[] {
  const provider = state.status === 'active' ? state.provider : null;
  if (state.status !== 'active' || provider?.claim?.tokenHash !== presentedHash)
    throw new Refused('claim-token-unknown');
  if (provider.claim.until <= now) throw new Refused('claim-token-expired');
  if (state.suspended) throw new Refused('account-suspended');
  if (newestCredential(state.credentials) === null)
    throw new Refused('claim-token-unknown', 'The credential of the provider was revoked. Renew the provider.');
  return provider.claimed ? [] : [{ type: 'ProviderClaimed', data: { userId: state.id } }];
}

/** @throws Refused */
export function providerRenewed(
  state: ActiveUser,
  { replaces, key, sessionId, now }: Extract<ManageProvider, { type: 'RenewProvider' }>,
): UserEvent[] {
  const { id, provider, suspended } = state;
  if (provider === null) throw new Refused('provider-unknown');
  if (suspended) throw new Refused('account-suspended');
  if (provider.key.kid !== replaces) throw new Refused('provider-renewed-meanwhile');
  return [
    invalidated(state),
    { type: 'ProviderRenewed', data: { userId: id, ...key } },
    credentialIssued(id, { sessionId, lifetimeMs: MAX_CREDENTIAL_MS }, null, now),
  ];
}
