import { readFileSync } from 'node:fs';
import type { SealingPublicKey } from '#domain/sealing/sealing.js';
import { publicKeyFromPem } from '#sealing/signed-head.js';
import { CannotBeDone } from './cannot-be-done.js';

/** The key in a PEM file; null if none is named. @throws CannotBeDone */
export function publicKeyIn(file: string | undefined): SealingPublicKey | null {
  if (file === undefined) return null;
  try {
    return publicKeyFromPem(readFileSync(file, 'utf8'));
  } catch {
    throw new CannotBeDone(`${file} has no Ed25519 public key as PEM: \`authlog audit keys\` prints those of the log.`);
  }
}
