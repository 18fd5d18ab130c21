import { X509Certificate } from 'node:crypto';
import type { SamlSettings } from '#host/saml/saml-settings.js';
import { type Settings, readSettings } from '#host/settings.js';
import { serviceProviderMetadata } from '#saml/metadata/service-provider-metadata.js';
import type { ServiceProvider } from '#saml/parties.js';
import { REQUESTED_ATTRIBUTES } from '#saml/metadata/requested-attributes.js';
import { CannotBeDone } from './cannot-be-done.js';
import { type Finding, report } from './finding.js';
import { examineProvider } from './saml-provider-check.js';

export interface SamlCheckOptions {
  readonly offline?: boolean;
  readonly json?: boolean;
}

const NONE = 'The configuration file has no saml: docs/operations.md shows what there is to say.';
const DAY_MS = 86_400_000;
/** So long before, whoever registers keys likes to know of it. */
const SOON_DAYS = 30;

/** `authlog saml check` @throws CannotBeDone if it finds a fault */
export async function check({ offline = false, json = false }: SamlCheckOptions): Promise<void> {
  report(await examine(offline), json);
}

/** `authlog saml metadata` @throws CannotBeDone without SAML */
export function printMetadata(): void {
  const { saml } = readSettings(process.env);
  if (saml === null) throw new CannotBeDone(NONE);
  process.stdout.write(metadataOf(saml));
}

const metadataOf = ({ serviceProvider, description }: SamlSettings): string =>
  serviceProviderMetadata(serviceProvider, description, REQUESTED_ATTRIBUTES);

async function examine(offline: boolean): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SettingsInvalid') throw error;
    return error.message.split('; ').map((what) => ({ check: 'settings', verdict: 'fault', what }));
  }
  const { saml, data } = settings;
  if (saml === null) return [{ check: 'settings', verdict: 'fault', what: NONE }];
  const now = new Date();
  const found: Finding[] = [
    { check: 'settings', verdict: 'ok', what: 'every setting can be used' },
    ...lookAtKeys(saml.serviceProvider, now),
  ];
  const hasKeys = saml.serviceProvider.keys.length > 0;
  for (const provider of saml.identityProviders)
    found.push(...(await examineProvider(provider, { data, now, offline, hasKeys })));
  return [...found, ...lookAtOurselves(saml)];
}

function lookAtKeys({ keys }: ServiceProvider, now: Date): Finding[] {
  if (keys.length === 0)
    return [
      {
        check: 'keys',
        verdict: 'warning',
        what: 'there are none: requests are not signed, nothing can be encrypted for us, and there is no single logout',
        advice:
          'openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /CN=authlog -keyout saml.key -out saml.crt, and name both in saml.keys',
      },
    ];
  return keys.map(({ certificate }, n): Finding => {
    const { validTo, fingerprint256 } = new X509Certificate(certificate);
    const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);
    const what = `${n === 0 ? 'the first signs' : `number ${n + 1} is shown, and decrypts`}; its certificate ${endOf(days)} (SHA-256 ${fingerprint256})`;
    if (days >= SOON_DAYS) return { check: 'keys', verdict: 'ok', what };
    const advice =
      'put another key before it, register our metadata anew, and take the old one out when all know the new one';
    return { check: 'keys', verdict: 'warning', what, advice };
  });
}

const endOf = (days: number): string => (days < 0 ? `ended ${-days} days ago` : `ends in ${days} days`);

function lookAtOurselves(saml: SamlSettings): Finding[] {
  const { entityId, assertionConsumerUrl, singleLogoutUrl, keys } = saml.serviceProvider;
  const register = (what: string): Finding => ({ check: 'register', verdict: 'ok', what });
  return [
    { check: 'metadata', verdict: 'ok', what: `ours has ${metadataOf(saml).length} characters: authlog saml metadata` },
    register(`entity id  ${entityId}`),
    register(`metadata   ${saml.metadataUrl}`),
    register(`login      ${assertionConsumerUrl} (AssertionConsumerService, HTTP-POST)`),
    ...(keys.length === 0 ? [] : [register(`logout     ${singleLogoutUrl} (SingleLogoutService, HTTP-Redirect)`)]),
  ];
}
