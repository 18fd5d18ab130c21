import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type FetchedMetadata, fetchMetadata } from '#host/saml/fetch-metadata.js';
import { LastGoodCopy } from '#host/saml/last-good-copy.js';
import { whyUnusable } from '#host/saml/metadata-feed.js';
import { described } from '#host/saml/identity-providers.js';
import type { IdentityProviderSettings, MetadataSource } from '#host/saml/saml-settings.js';
import { type ProviderMetadata, readIdentityProviderMetadata } from '#saml/metadata/identity-provider-metadata.js';
import { CLOCK_SKEW_MS } from '#saml/assertion/clock-skew.js';
import type { Finding } from './finding.js';

/** Under which circumstances it is looked at. */
export interface Examination {
  /** The folder of the service. */
  readonly data: string;
  readonly now: Date;
  readonly offline: boolean;
  /** Whether we can sign. */
  readonly hasKeys: boolean;
}

const DAY_MS = 86_400_000;
/** Feeds that are signed each day are good for a week or two; one that is about to end has not been renewed. */
const SOON_DAYS = 2;

/** What there is to say of one identity provider: where its metadata comes from, what it says, and whether that goes with our keys. */
export async function examineProvider(
  provider: IdentityProviderSettings,
  examination: Examination,
): Promise<Finding[]> {
  const { name, entityId, metadata: source, singleSignOnUrl } = provider;
  const found = findingsOf(name);
  if (source === null)
    return [
      found.ok(`${entityId} is described in the settings alone: its keys have to be changed there`),
      ...lookAtEndpoints(provider, null, examination),
    ];
  let fetched: FetchedMetadata;
  try {
    fetched = await load(provider.name, source, examination);
  } catch (error) {
    return [
      found.fault(`its metadata cannot be had from ${whereFrom(source)}: ${whyUnusable(error)}`, adviceFor(source)),
    ];
  }
  const receivedAt = new Date();
  let metadata: ProviderMetadata;
  try {
    const expected = { entityId, signers: source.signers, now: examination.now };
    metadata = readIdentityProviderMetadata(fetched.text, expected);
  } catch (error) {
    const advice =
      'compare saml.identityProviders[].entityId and metadata.certificate with what the federation publishes, and try again';
    return [found.fault(`${whyUnusable(error)} (${whereFrom(source)})`, advice)];
  }
  const origin = source.signers === null ? 'not signed, and believed' : 'signed by a pinned certificate';
  return [
    found.ok(`${entityId} is in ${whereFrom(source)}, ${origin}`),
    ...(singleSignOnUrl === null
      ? []
      : [found.warning('its singleSignOnUrl is that of the settings, whatever metadata says')]),
    ...lookAtEnd(name, source, metadata, examination.now),
    ...lookAtClock(name, fetched, receivedAt),
    ...lookAtEndpoints(provider, metadata, examination),
  ];
}

const findingsOf = (name: string) => ({
  ok: (what: string): Finding => ({ check: name, verdict: 'ok', what }),
  warning: (what: string, advice?: string): Finding => finding(name, 'warning', what, advice),
  fault: (what: string, advice?: string): Finding => finding(name, 'fault', what, advice),
});

const finding = (check: string, verdict: 'warning' | 'fault', what: string, advice: string | undefined): Finding =>
  advice === undefined ? { check, verdict, what } : { check, verdict, what, advice };

const whereFrom = ({ from }: MetadataSource): string => ('url' in from ? from.url : from.file);

const adviceFor = ({ from }: MetadataSource): string =>
  'url' in from
    ? 'see whether this machine may reach it; the service goes on with what it has kept until its validUntil'
    : 'put it there, for the user who runs the service to read';

async function load(name: string, { from }: MetadataSource, { data, offline }: Examination): Promise<FetchedMetadata> {
  if ('file' in from) return { text: await readFile(from.file, 'utf8'), serverTime: null };
  if (!offline) return fetchMetadata(from.url);
  const text = await new LastGoodCopy(data, name).read();
  if (text === null) throw new Error('the service has kept none yet');
  return { text, serverTime: null };
}

function lookAtEnd(name: string, { from }: MetadataSource, { validUntil }: ProviderMetadata, now: Date): Finding[] {
  const { ok, warning } = findingsOf(name);
  if (validUntil === null)
    return 'url' in from
      ? [
          warning(
            'its metadata has no validUntil: who can put an old copy there, with keys from then, is not found out',
          ),
        ]
      : [];
  const days = Math.floor((validUntil.getTime() - now.getTime()) / DAY_MS);
  const what = `its metadata is good until ${validUntil.toISOString()}, for ${days} days`;
  return days >= SOON_DAYS ? [ok(what)] : [warning(what, 'see why it has not been renewed')];
}

function lookAtClock(name: string, { serverTime }: FetchedMetadata, receivedAt: Date): Finding[] {
  if (serverTime === null) return [];
  const { ok, warning } = findingsOf(name);
  const seconds = Math.round(Math.abs(serverTime.getTime() - receivedAt.getTime()) / 1_000);
  const what = `the clock of its server differs from ours by ${seconds} seconds`;
  const advice = 'keep the clock of this machine in step (NTP): messages of more than a minute from now are refused';
  return seconds * 1_000 <= CLOCK_SKEW_MS ? [ok(what)] : [warning(what, advice)];
}

function lookAtEndpoints(
  provider: IdentityProviderSettings,
  metadata: ProviderMetadata | null,
  { hasKeys }: Examination,
): Finding[] {
  const { ok, warning, fault } = findingsOf(provider.name);
  const known = described(provider, metadata);
  if (known === null) return [fault('it is not said where people log in', 'set singleSignOnUrl, or metadata')];
  const { singleSignOnUrl, singleLogoutUrl, signingCertificates, scopes } = known;
  return [
    ok(`login at ${singleSignOnUrl}`),
    singleLogoutUrl === null
      ? warning('it has no single logout by HTTP-Redirect: its sessions outlive ours')
      : ok(`logout at ${singleLogoutUrl}`),
    ...signingCertificates.map((pem) => ok(`messages are signed by ${wordsFor(pem)}`)),
    ...(metadata?.wantsSignedRequests === true && !hasKeys
      ? [fault('it wants requests to be signed, and there is no key', 'name one in saml.keys')]
      : []),
    ok(`may speak for ${asList(scopes)}`),
  ];
}

const MOST_SHOWN = 10;

function asList(scopes: readonly string[] | null): string {
  if (scopes === null) return 'every institution: its metadata names no domains';
  const more = scopes.length - MOST_SHOWN;
  return `${scopes.slice(0, MOST_SHOWN).join(', ') || 'nobody'}${more > 0 ? ` and ${more} more` : ''}`;
}

/** When it ends means nothing to who signs with it; people who compare like to see it. */
function wordsFor(pem: string): string {
  const { subject, validTo, fingerprint256 } = new X509Certificate(pem);
  return `${subject.replaceAll('\n', ', ')}, until ${new Date(validTo).toISOString().slice(0, 10)} (SHA-256 ${fingerprint256})`;
}
