import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as keys from '#saml/testing/keys.js';

/** Writes the test keys of SAML into a folder, each as `<name>.key` and `<name>.crt`. */
export function writeSamlKeys(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const files = { sp: keys.SP_NEW_KEY, spOld: keys.SP_OLD_KEY, hub: keys.HUB_NEW_KEY, stranger: keys.STRANGER_KEY };
  for (const [name, { privateKey, certificate }] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.key`), privateKey, { mode: 0o600 });
    writeFileSync(join(folder, `${name}.crt`), certificate);
  }
}

/** The least that has to be said of the service. */
export const SAML_SERVICE =
  'service: { name: { da: Skyen, en: The cloud }, description: { da: Beregninger, en: Computing } }';
