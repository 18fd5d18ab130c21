import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runnerImport } from 'vite';

const testing = async (name) => {
  const path = resolve(import.meta.dirname, `../libs/saml/src/testing/${name}.ts`);
  return (await runnerImport(path, { configFile: false, logLevel: 'error' })).module;
};
const { hubResponse, hubResponseXml, toField } = await testing('hub-response');
const { HUB_OLD_KEY, SP_NEW_KEY, STRANGER_KEY } = await testing('keys');
export { SP_NEW_KEY, STRANGER_KEY, hubResponse, hubResponseXml, toField };

export const HUB = 'https://hub.test';
export const SP = 'https://authlog.test/saml';

/** The settings of an identity provider whose keys are those of the tests, as YAML; its files go into a folder. */
export function samlSettings(folder) {
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return `saml:
  entityId: ${SP}
  keys: [{ privateKey: ${file('sp.key', SP_NEW_KEY.privateKey)}, certificate: ${file('sp.crt', SP_NEW_KEY.certificate)} }]
  service: { name: { da: Bench, en: Bench }, description: { da: Bench, en: Bench } }
  identityProviders:
    - name: hub
      entityId: ${HUB}
      singleSignOnUrl: ${HUB}/sso
      certificates: [${file('hub.crt', HUB_OLD_KEY.certificate)}]
`;
}
