import { Refused } from '../refused.js';

/** How a password was hashed where its account comes from; verified until its owner logs in, and never made here (SEC-13). */
export type ImportedPasswordHash =
  | {
      readonly algorithm: 'pbkdf2-sha256' | 'pbkdf2-sha512';
      readonly iterations: number;
      /** Base64. */
      readonly salt: string;
      /** Base64. */
      readonly hash: string;
    }
  /** `$2b$<cost>$<salt><hash>`, all of it in `hash`. */
  | { readonly algorithm: 'bcrypt'; readonly hash: string };

/** Twice this, for the two spellings a password may have, costs about a second, so no hash can burn a core (SEC-13). */
export const MAX_ITERATIONS = 1_000_000;
export const MIN_ITERATIONS = 1_000;
export const SALT_BYTES = { least: 8, most: 64 } as const;
export const HASH_BYTES = { least: 20, most: 64 } as const;
/** As long as the most iterations. */
export const MAX_BCRYPT_COST = 13;
export const MIN_BCRYPT_COST = 4;

// Each text stands for other bytes: padded, and without bits that nobody reads (RFC 4648 §3.5).
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
// `2x` marks hashes that a faulty program made of other bytes than those of the password.
const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/**
 * Reads a hash as it was sent.
 * @param field where it stood, for the explanation
 * @throws Refused `password-hash-invalid`; says what would be right and never repeats a part of the hash
 */
export function importedPasswordHash(field: string, sent: Readonly<Record<string, unknown>>): ImportedPasswordHash {
  const { algorithm, iterations, salt, hash } = sent;
  const refuse = (part: string, rule: string) =>
    new Refused('password-hash-invalid', `${field}.${part} must be ${rule}.`);
  const bytes = (part: string, value: unknown, { least, most }: { readonly least: number; readonly most: number }) => {
    if (isBase64(value, least, most)) return value;
    throw refuse(part, `${least} to ${most} bytes in Base64, with its padding`);
  };
  switch (algorithm) {
    case 'pbkdf2-sha256':
    case 'pbkdf2-sha512':
      if (!isWhole(iterations, MIN_ITERATIONS, MAX_ITERATIONS))
        throw refuse('iterations', `a whole number from ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`);
      return { algorithm, iterations, salt: bytes('salt', salt, SALT_BYTES), hash: bytes('hash', hash, HASH_BYTES) };
    case 'bcrypt': {
      const cost = typeof hash === 'string' ? Number(BCRYPT.exec(hash)?.[1]) : null;
      if (typeof hash === 'string' && isWhole(cost, MIN_BCRYPT_COST, MAX_BCRYPT_COST)) return { algorithm, hash };
      throw refuse('hash', `a bcrypt hash such as $2b$10$…, of a cost from ${MIN_BCRYPT_COST} to ${MAX_BCRYPT_COST}`);
    }
    default:
      throw refuse('algorithm', 'pbkdf2-sha512, pbkdf2-sha256 or bcrypt');
  }
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

function isBase64(value: unknown, leastBytes: number, mostBytes: number): value is string {
  // Its length first: a long text is not looked at.
  if (typeof value !== 'string' || value.length > Math.ceil(mostBytes / 3) * 4 || !BASE64.test(value)) return false;
  const bytes = (value.length / 4) * 3 - (value.length - value.replace(/=+$/, '').length);
  return bytes >= leastBytes && bytes <= mostBytes;
}
