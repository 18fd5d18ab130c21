import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hasStrongKey, MIN_KEY_BITS } from '#saml/keys.js';
import type { ServiceProviderKey } from '#saml/parties.js';
import type { Refuse } from './saml-settings.js';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Every certificate in a PEM file: one, or several while one takes the place of another. None with a fault. */
export function certificatesIn(file: string, path: string, refuse: Refuse): string[] {
  const text = contentOf(file, path, refuse);
  if (text === null) return [];
  const found = text.match(PEM_CERTIFICATE) ?? [];
  if (found.length === 0) refuse(path, `names ${file}, which has no certificate as PEM`);
  return found.filter((pem) => isStrong(pem, file, path, refuse));
}

/** A private key and its certificate; null with a fault. Says nothing of what is in the key. */
export function keyIn(
  files: { readonly privateKey: string; readonly certificate: string },
  path: string,
  refuse: Refuse,
): ServiceProviderKey | null {
  const [certificate] = certificatesIn(files.certificate, `${path}.certificate`, refuse);
  const privateKey = contentOf(files.privateKey, `${path}.privateKey`, refuse);
  if (privateKey === null) return null;
  try {
    const key = createPrivateKey(privateKey);
    if (certificate === undefined) return null;
    if (new X509Certificate(certificate).checkPrivateKey(key)) return { privateKey, certificate };
    refuse(path, `has a certificate (${files.certificate}) of another key than ${files.privateKey}`);
  } catch {
    refuse(`${path}.privateKey`, `names ${files.privateKey}, which has no private key as PEM, without a passphrase`);
  }
  return null;
}

function isStrong(pem: string, file: string, path: string, refuse: Refuse): boolean {
  try {
    if (hasStrongKey(new X509Certificate(pem))) return true;
    refuse(path, `names ${file}, whose key is not RSA with at least ${MIN_KEY_BITS} bits`);
  } catch {
    refuse(path, `names ${file}, which has a certificate that cannot be read`);
  }
  return false;
}

function contentOf(file: string, path: string, refuse: Refuse): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    refuse(path, `names ${file}, which cannot be read`);
    return null;
  }
}
