import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from 'otpauth';
import { RECOVERY_CODES } from '#domain/second-factor/second-factor.js';

/** 80 bits (SEC-42). */
const CODE_BYTES = 10;
const SALT_BYTES = 16;

interface KeptCodes {
  readonly salt: string;
  readonly hashes: readonly string[];
}

const hashOf = (salt: string, code: string) => createHash('sha256').update(`${salt}\0${code}`).digest();
/** As typed by whoever reads it from paper. */
const normalised = (code: string) => code.toUpperCase().replaceAll(/[^A-Z2-7]/g, '');

/** @returns the codes to be shown once, and what is kept of them */
export function newRecoveryCodes(): { codes: string[]; kept: string } {
  const codes = Array.from({ length: RECOVERY_CODES }, () => {
    const { base32 } = new Secret({ buffer: new Uint8Array(randomBytes(CODE_BYTES)).buffer });
    return (base32.match(/.{4}/g) ?? []).join('-');
  });
  const salt = randomBytes(SALT_BYTES).toString('base64url');
  const hashes = codes.map((code) => hashOf(salt, normalised(code)).toString('base64url'));
  const kept: KeptCodes = { salt, hashes };
  return { codes, kept: JSON.stringify(kept) };
}

/** The place of a code in its set, from 0; null for a wrong one. */
export function placeOf(kept: string, code: string): number | null {
  const { salt, hashes } = JSON.parse(kept) as KeptCodes;
  const hash = hashOf(salt, normalised(code));
  const place = hashes.findIndex((each) => timingSafeEqual(Buffer.from(each, 'base64url'), hash));
  return place < 0 ? null : place;
}
