import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HUB_NEW_KEY, HUB_OLD_KEY, SP_NEW_KEY } from '#saml/testing/keys.js';

export const SP_ENTITY_ID = 'https://authlog.test/saml';

/**
 * Writes settings with one identity provider, and what they name, into a folder.
 * @param endpoint where the login service `web` leads
 * @returns the path of the settings
 */
export function writeSamlSettings(
  folder: string,
  provider: { readonly entityId: string; readonly url: string },
  endpoint: string,
): string {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const key = file('sp.key', SP_NEW_KEY.privateKey);
  const certificate = file('sp.crt', SP_NEW_KEY.certificate);
  const certificates = [HUB_OLD_KEY, HUB_NEW_KEY].map((each, n) => file(`hub-${n}.crt`, each.certificate));
  return file(
    'authlog.yaml',
    `
loginServices:
  - { name: web, endpoint: "${endpoint}" }
  - { name: cli, endpoint: "${endpoint}", mode: APPLICATION }
saml:
  entityId: ${SP_ENTITY_ID}
  keys: [{ privateKey: ${key}, certificate: ${certificate} }]
  service:
    name: { da: Prøvetjenesten, en: The test service }
    description: { da: Til prøver, en: For tests }
  identityProviders:
    - name: hub
      entityId: ${provider.entityId}
      singleSignOnUrl: ${provider.url}/sso
      singleLogoutUrl: ${provider.url}/slo
      certificates: [${certificates.join(', ')}]
`,
  );
}
