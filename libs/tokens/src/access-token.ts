import { type CryptoKey, type JWTPayload, SignJWT, decodeProtectedHeader, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { type OneTimeTokenId, type SessionId, type UserId, asSessionId, asUserId, isUuid } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';

/** A key that can sign now. */
export interface SigningKeyPair {
  readonly kid: string;
  readonly alg: 'ES256' | 'RS256';
  readonly privateKey: CryptoKey;
}

/** The keys of the installation as they are at this moment. */
export interface SigningKeySource {
  active(): SigningKeyPair;
  /** The key that verifies what this one signed; undefined once it was retired or revoked. */
  verificationKey(kid: string): CryptoKey | undefined;
  /** Changes with every change of the keys. */
  readonly version: number;
}

/** A key that verifies tokens of one account and of nobody else. */
export interface HolderKey {
  readonly alg: 'RS256';
  readonly publicKey: CryptoKey;
  readonly holder: { readonly userId: UserId; readonly username: string };
}

/** The keys that accounts have of their own. */
export interface HolderKeySource {
  /** As it is at this moment: undefined from when it was replaced. */
  find(kid: string): Promise<HolderKey | undefined>;
}

/** A key, and what it may verify; the algorithm is the key's, whatever a token says (RFC 8725 §3.1). */
type VerificationKey = HolderKey | { readonly alg: 'ES256'; readonly publicKey: CryptoKey; readonly holder: null };

/** What a token says (ucloud-users-api §10.1, design §3). */
export interface TokenClaims {
  /** The principal's name: the `sub` claim. */
  readonly username: string;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly role: string;
  readonly principalType: string;
  readonly scopes: readonly string[];
  /** The names of the services that extended it, first to last. */
  readonly extendedByChain: readonly string[];
  readonly authenticatedAt: Date;
  readonly amr: readonly string[];
  /** About the person; only what is known is in the token. */
  readonly profile: {
    readonly firstNames?: string;
    readonly lastName?: string;
    readonly email?: string;
    readonly twoFactorAuthentication?: boolean;
    readonly serviceLicenseAgreement?: boolean;
  };
  readonly expiresAt: Date;
}

/** What a verified access token gives access as; everything else about the caller is read from the log. */
export interface VerifiedAccessToken {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly scopes: readonly string[];
  readonly expiresAt: Date;
}

// RFC 8725 §3.11: the type keeps one kind of token from being taken for another (SEC-83).
const ACCESS_TOKEN = 'at+jwt';
const ONE_TIME_TOKEN = 'one-time+jwt';

const MAX_TOKEN_LENGTH = 8_192;
const CACHED_TOKENS = 10_000;
/** Three parts of base64url and nothing else; the library overlooks white space at the end (SEC-86). */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Signs and verifies JWTs with the installation's keys, and with those that accounts have of their own. */
export class AccessTokens {
  // Verifying is a function of the token and the keys of the installation: a token seen before costs no second check.
  private readonly verified = new LRUCache<string, VerifiedAccessToken>({ max: CACHED_TOKENS });
  private verifiedWith = -1;

  constructor(
    private readonly keys: SigningKeySource,
    private readonly issuer: string,
    private readonly holderKeys: HolderKeySource,
  ) {}

  /** @param key of the account that the claims are about, where it has one of its own */
  async sign(claims: TokenClaims, now: Date, key?: SigningKeyPair): Promise<string> {
    return this.signed(ACCESS_TOKEN, payloadOf(claims), claims, now, key);
  }

  /** @param jti what a service claims before it accepts the token (ucloud-users-api §10.7) */
  async signOneTime(claims: TokenClaims, jti: OneTimeTokenId, now: Date, key?: SigningKeyPair): Promise<string> {
    return this.signed(ONE_TIME_TOKEN, { ...payloadOf(claims), jti }, claims, now, key);
  }

  /** @throws Refused `access-token-invalid` */
  async verify(token: string, now: Date): Promise<VerifiedAccessToken> {
    if (this.verifiedWith !== this.keys.version) {
      this.verified.clear();
      this.verifiedWith = this.keys.version;
    }
    const verified = this.verified.get(token) ?? (await this.verifySignature(token, now));
    if (verified.expiresAt <= now) throw invalid('it has expired');
    return verified;
  }

  private async verifySignature(token: string, now: Date): Promise<VerifiedAccessToken> {
    if (token.length > MAX_TOKEN_LENGTH) throw invalid('it is too long');
    if (!COMPACT_JWS.test(token)) throw invalid('it is not a JWT of ours');
    // Outside: that a key could not be looked up is no fault of the token.
    const { publicKey, alg, holder } = await this.keyFor(keyIdOf(token));
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: [alg],
        typ: ACCESS_TOKEN,
        issuer: this.issuer,
        requiredClaims: ['sub', 'aud', 'exp', 'iat', 'sid', 'uid'],
        currentDate: now,
      });
      if (holder !== null && (payload['uid'] !== holder.userId || payload.sub !== holder.username))
        throw invalid('it was signed with the key of another account');
      const verified = verifiedFrom(payload);
      if (holder === null) this.verified.set(token, verified);
      return verified;
    } catch (error) {
      throw error instanceof Refused ? error : invalid(reasonOf(error));
    }
  }

  private async keyFor(kid: unknown): Promise<VerificationKey> {
    const key = typeof kid === 'string' && KEY_ID.test(kid) ? await this.find(kid) : undefined;
    if (key === undefined) throw invalid('it was signed with a key that is not ours, or no longer');
    return key;
  }

  private async find(kid: string): Promise<VerificationKey | undefined> {
    const publicKey = this.keys.verificationKey(kid);
    return publicKey === undefined ? this.holderKeys.find(kid) : { alg: 'ES256', publicKey, holder: null };
  }

  private async signed(
    typ: string,
    payload: JWTPayload,
    { username, scopes, expiresAt }: TokenClaims,
    now: Date,
    { kid, alg, privateKey } = this.keys.active(),
  ) {
    const [scope, ...more] = scopes;
    return new SignJWT(payload)
      .setProtectedHeader({ alg, kid, typ })
      .setIssuer(this.issuer)
      .setSubject(username)
      .setAudience(scope !== undefined && more.length === 0 ? scope : [...scopes])
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
  }
}

const payloadOf = (claims: TokenClaims): JWTPayload => ({
  uid: claims.userId,
  sid: claims.sessionId,
  publicSessionReference: claims.sessionId,
  role: claims.role,
  principalType: claims.principalType,
  extendedByChain: claims.extendedByChain,
  ...(claims.extendedByChain.length > 0 ? { extendedBy: claims.extendedByChain.at(-1) } : {}),
  auth_time: Math.floor(claims.authenticatedAt.getTime() / 1_000),
  amr: claims.amr,
  ...claims.profile,
});

function verifiedFrom({ sid, uid, aud, exp }: JWTPayload): VerifiedAccessToken {
  if (typeof sid !== 'string' || !isUuid(sid) || typeof uid !== 'string' || !isUuid(uid) || exp === undefined)
    throw invalid('it is not one of ours');
  const scopes = typeof aud === 'string' ? [aud] : (aud ?? []);
  return { sessionId: asSessionId(sid), userId: asUserId(uid), scopes, expiresAt: new Date(exp * 1_000) };
}

function keyIdOf(token: string): unknown {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    throw invalid('it is not a JWT of ours');
  }
}

const invalid = (why: string) => new Refused('access-token-invalid', `The access token was not accepted: ${why}.`);

/** What a client may know of why its token was refused; never a word of the token itself. */
function reasonOf(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : '') {
    case 'ERR_JWT_EXPIRED':
      return 'it has expired';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return 'its issuer, type or claims are not what they should be';
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'its algorithm is not allowed';
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'its signature is not valid';
    default:
      return 'it is not a JWT of ours';
  }
}
