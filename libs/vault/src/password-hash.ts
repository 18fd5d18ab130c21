import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { hash, verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import type { ImportedPasswordHash } from '#domain/user/imported-password.js';

/** Of argon2id, as RFC 9106 names them. */
export interface HashingCost {
  /** In KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** The floor of SEC-11. */
export const COST_OF_TODAY: HashingCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const derive = promisify(pbkdf2);

/** The same password typed on another keyboard is the same password (SEC-03). */
const normalised = (password: string) => password.normalize('NFKC');

/** A PHC string, with a salt of 16 bytes of its own. */
export const newHash = (password: string, cost: HashingCost): Promise<string> =>
  hash(normalised(password), { ...cost });

/** Whether a new password would be hashed with the same algorithm, at this cost. */
export const isHashAt = ({ memoryCost, timeCost, parallelism }: HashingCost, kept: string): boolean =>
  kept.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);

/** An imported hash as text like every other: `$pbkdf2-sha512$i=<iterations>$<salt>$<hash>` in the PHC form, `$2b$…` as it came. */
export function asKept(imported: ImportedPasswordHash): string {
  if (imported.algorithm === 'bcrypt') return imported.hash;
  const { algorithm, iterations, salt, hash } = imported;
  return ['', algorithm, `i=${iterations}`, ...[salt, hash].map((base64) => base64.replace(/=+$/, ''))].join('$');
}

/** Algorithm and cost, and nothing of the hash itself: `bcrypt 10`, `argon2id m=19456 t=2 p=1`. */
export function parametersOf(kept: string): string {
  const [, algorithm = '', ...parts] = kept.split('$');
  if (algorithm.startsWith('2')) return `bcrypt ${Number(parts[0])}`;
  const parameters = parts.find((part) => /^[imt]=/.test(part)) ?? '';
  return `${algorithm} ${parameters.replaceAll(',', ' ')}`;
}

/**
 * Whether this is the password. A hash from elsewhere was made of the bytes that came, so it is compared with those first
 * (SEC-03), and as its maker compares: bcrypt reads 72 bytes and no more (SEC-18).
 */
export async function isHashOf(kept: string, password: string): Promise<boolean> {
  if (kept.startsWith('$argon2')) return verifyArgon2(kept, normalised(password));
  const verify = kept.startsWith('$pbkdf2-') ? isPbkdf2Of : isBcryptOf;
  if (await verify(kept, password)) return true;
  return normalised(password) !== password && verify(kept, normalised(password));
}

async function isPbkdf2Of(kept: string, password: string): Promise<boolean> {
  const [, algorithm = '', parameters = '', ...texts] = kept.split('$');
  const [salt = Buffer.alloc(0), expected = Buffer.alloc(0)] = texts.map((text) => Buffer.from(text, 'base64'));
  const iterations = Number(parameters.slice('i='.length));
  const derived = await derive(password, salt, iterations, expected.length, algorithm.slice('pbkdf2-'.length));
  return timingSafeEqual(derived, expected);
}

const isBcryptOf = (kept: string, password: string) => verifyBcrypt(password, kept);
