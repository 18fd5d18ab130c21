import { type KeyObject, createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const KEY_BYTES = 32;

/** The key that wraps every row of the vault. It is kept outside of it. */
export interface MasterKey {
  /** A fingerprint; tells nothing about the key. */
  readonly id: string;
  readonly key: KeyObject;
}

/** @param text 256 bits in base64 or base64url. @throws TypeError if it is anything else */
export function parseMasterKey(text: string): MasterKey {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== KEY_BYTES || new Set(bytes).size < KEY_BYTES / 4)
    throw new TypeError('it must be 32 random bytes in base64, for example from: openssl rand -base64 32');
  const id = createHash('sha256').update('authlog master key').update(bytes).digest('hex').slice(0, 16);
  return { id, key: createSecretKey(bytes) };
}

/**
 * Reads the master key of the embedded default from its file, which the first start makes, readable by its owner only.
 * @throws TypeError if the file holds no key
 */
export function masterKeyFromFile(file: string): MasterKey {
  try {
    return parseMasterKey(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  // Written under another name and then linked: whoever sees the file sees all of it, and the first of several wins.
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return parseMasterKey(readFileSync(file, 'utf8'));
}
