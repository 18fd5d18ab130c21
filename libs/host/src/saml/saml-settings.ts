import type { ServiceDescription } from '#saml/metadata/service-description.js';
import type { ServiceProvider, ServiceProviderKey } from '#saml/parties.js';
import type { AdmissionPolicy } from '#saml/person/admission.js';
import type { AttributeMap } from '#saml/person/attribute-map.js';
import type { IdentifierSource } from '#saml/person/subject-identifier.js';
import type { ProviderPreset } from '#saml/presets/provider-preset.js';
import { WAYF } from '#saml/presets/wayf.js';
import { isSecureUrl } from '#saml/secure-url.js';
import { parseDurationMs } from '../duration.js';
import { certificatesIn, keyIn } from './key-files.js';
import type { IdentityProviderEntry, SamlEntry } from './saml-entry.js';

/** How people log in through identity providers. */
export interface SamlSettings {
  readonly serviceProvider: ServiceProvider;
  /** Where our metadata is. */
  readonly metadataUrl: string;
  readonly description: ServiceDescription;
  readonly identityProviders: readonly IdentityProviderSettings[];
}

export interface IdentityProviderSettings {
  readonly name: string;
  readonly entityId: string;
  /** Where its metadata comes from; null where all is in the settings. */
  readonly metadata: MetadataSource | null;
  /** What is said here goes before what metadata says; null and empty: what metadata says. */
  readonly singleSignOnUrl: string | null;
  readonly singleLogoutUrl: string | null;
  /** PEM. */
  readonly certificates: readonly string[];
  readonly admission: AdmissionPolicy;
  /** Values of AuthnContextClassRef that mean a second factor. */
  readonly secondFactorContexts: ReadonlySet<string>;
  readonly attributes: AttributeMap;
  readonly identifiedBy: readonly IdentifierSource[];
}

export interface MetadataSource {
  readonly from: { readonly url: string } | { readonly file: string };
  /** PEM, of those who may have signed it; null: it does not have to be signed, which a file need not be. */
  readonly signers: readonly string[] | null;
  readonly refreshEveryMs: number;
}

/** Reports a fault of a setting, by its path. */
export type Refuse = (path: string, why: string) => void;

const HOUR_MS = 3_600_000;
const NOTHING: Partial<ProviderPreset> = {};

/** The settings, with every file that they name; what is wrong with them is handed to `refuse`. */
export function samlSettings(entry: SamlEntry, publicUrl: string, refuse: Refuse): SamlSettings {
  // Cookies that come with the post of an identity provider are sent on secure ways only.
  if (!isSecureUrl(publicUrl)) refuse('saml', 'needs an AUTHLOG_PUBLIC_URL with https, or one on this machine');
  const { service, organization, contacts = [], keys = [], identityProviders } = entry;
  const providers = identityProviders.map((each, n) => providerSettings(each, `saml.identityProviders[${n}]`, refuse));
  demandOnce(
    providers.map(({ name }) => name),
    'name',
    refuse,
  );
  demandOnce(
    providers.map(({ entityId }) => entityId),
    'entityId',
    refuse,
  );
  const pairs = keys.map((key, n) => keyIn(key, `saml.keys[${n}]`, refuse));
  return {
    serviceProvider: {
      entityId: entry.entityId,
      assertionConsumerUrl: `${publicUrl}/auth/saml/acs`,
      singleLogoutUrl: `${publicUrl}/auth/saml/sls`,
      keys: pairs.filter((pair): pair is ServiceProviderKey => pair !== null),
    },
    metadataUrl: `${publicUrl}/auth/saml/metadata`,
    description: {
      name: service.name,
      description: service.description,
      privacyStatement: service.privacyStatement ?? null,
      logo: service.logo ?? null,
      organization: organization ?? null,
      contacts,
    },
    identityProviders: providers,
  };
}

function demandOnce(values: readonly string[], what: string, refuse: Refuse): void {
  const repeated = values.find((value, n) => value !== '' && values.indexOf(value) !== n);
  if (repeated !== undefined) refuse('saml.identityProviders', `has the ${what} ${repeated} twice`);
}

function providerSettings(entry: IdentityProviderEntry, path: string, refuse: Refuse): IdentityProviderSettings {
  const preset = entry.preset === 'wayf' ? WAYF : NOTHING;
  const { allowed, refused = [] } = entry.institutions ?? {};
  const entityId = entry.entityId ?? preset.entityId;
  if (entityId === undefined) refuse(`${path}.entityId`, 'must be there: whom its messages and its metadata are from');
  return {
    name: entry.name,
    entityId: entityId ?? '',
    metadata: metadataSource(entry, preset, path, refuse),
    singleSignOnUrl: entry.singleSignOnUrl ?? null,
    singleLogoutUrl: entry.singleLogoutUrl ?? null,
    certificates: (entry.certificates ?? []).flatMap((file, n) =>
      certificatesIn(file, `${path}.certificates[${n}]`, refuse),
    ),
    admission: {
      allowedInstitutions: allowed === undefined ? null : inLowerCase(allowed),
      refusedInstitutions: inLowerCase(refused),
      selfRegistered: entry.selfRegistered ?? 'refuse',
      nemLogIn: entry.nemLogIn ?? 'refuse',
    },
    secondFactorContexts: new Set(
      entry.secondFactorContexts ?? preset.secondFactorContexts ?? WAYF.secondFactorContexts,
    ),
    attributes: { ...(preset.attributes ?? WAYF.attributes), ...entry.attributes },
    identifiedBy: entry.identifiedBy ?? ['eduPersonTargetedID', 'persistent-name-id'],
  };
}

const inLowerCase = (domains: readonly string[]): string[] => domains.map((domain) => domain.toLowerCase());

function metadataSource(
  { metadata = {}, singleSignOnUrl, certificates }: IdentityProviderEntry,
  preset: Partial<ProviderPreset>,
  path: string,
  refuse: Refuse,
): MetadataSource | null {
  const isByHand = singleSignOnUrl !== undefined && certificates !== undefined;
  const { file, certificate } = metadata;
  const url = metadata.url ?? (file === undefined && !isByHand ? preset.metadataUrl : undefined);
  const refreshEveryMs = parseDurationMs(metadata.refreshEvery ?? '') ?? HOUR_MS;
  const signers =
    certificate === undefined ? null : certificatesIn(certificate, `${path}.metadata.certificate`, refuse);
  if (file !== undefined && url !== undefined) refuse(`${path}.metadata`, 'has a url and a file: keep one of them');
  if (file !== undefined) return { from: { file }, signers, refreshEveryMs };
  if (url !== undefined) {
    // Whoever can put something else there could let anybody in as anyone.
    if (signers === null)
      refuse(`${path}.metadata.certificate`, `must name the certificate of who signs what is at ${url}`);
    return { from: { url }, signers: signers ?? [], refreshEveryMs };
  }
  if (!isByHand) refuse(path, 'needs metadata with a url or a file, or else singleSignOnUrl and certificates');
  return null;
}
