import { setTimeout as delay } from 'node:timers/promises';
import type { ProviderMetadata } from '#saml/metadata/identity-provider-metadata.js';
import type { IdentityProvider } from '#saml/parties.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { MetadataFeed } from './metadata-feed.js';
import type { IdentityProviderSettings } from './saml-settings.js';

interface Known {
  readonly settings: IdentityProviderSettings;
  readonly feed: MetadataFeed | null;
}

/** So soon it is tried again when it failed. */
const RETRY_MS = 60_000;

/** The identity providers of the settings, as their metadata describes them now. */
export class IdentityProviders {
  private readonly known: readonly Known[];
  private readonly stopping = new AbortController();
  private refreshing: Promise<unknown> = Promise.resolve();

  constructor(providers: readonly IdentityProviderSettings[], data: string, clock: Clock, log: Log) {
    this.known = providers.map((settings) => {
      const { metadata } = settings;
      const feed = metadata === null ? null : new MetadataFeed({ ...settings, metadata }, data, clock, log);
      return { settings, feed };
    });
  }

  /** Null: there is none of this name, or nothing is known of it at this moment. */
  byName(name: string): IdentityProvider | null {
    return current(this.known.find(({ settings }) => settings.name === name));
  }

  byEntityId(entityId: string): IdentityProvider | null {
    return current(this.known.find(({ settings }) => settings.entityId === entityId));
  }

  /** Before the first request. What has to be fetched is fetched afterwards: nobody's start waits for the servers of others. */
  async open(): Promise<void> {
    await Promise.all(this.known.flatMap(({ feed }) => feed?.open() ?? []));
  }

  start(): void {
    this.refreshing = Promise.all(this.known.map((each) => this.keepFresh(each)));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.refreshing;
  }

  private async keepFresh({ feed, settings: { metadata } }: Known): Promise<void> {
    const { signal } = this.stopping;
    if (feed === null || metadata === null) return;
    while (!signal.aborted) {
      const isGood = await feed.refresh(signal);
      const pause = isGood ? metadata.refreshEveryMs : Math.min(RETRY_MS, metadata.refreshEveryMs);
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

function current(known: Known | undefined): IdentityProvider | null {
  if (known === undefined) return null;
  const { settings, feed } = known;
  const metadata = feed?.current() ?? null;
  return feed !== null && metadata === null ? null : described(settings, metadata);
}

/**
 * What the settings say goes before what metadata says.
 * @param metadata null where all is in the settings
 * @returns null where neither says where people log in
 */
export function described(
  settings: IdentityProviderSettings,
  metadata: ProviderMetadata | null,
): IdentityProvider | null {
  const singleSignOnUrl = settings.singleSignOnUrl ?? metadata?.singleSignOnUrl;
  if (singleSignOnUrl === undefined) return null;
  const { name, entityId, certificates } = settings;
  return {
    name,
    entityId,
    singleSignOnUrl,
    singleLogoutUrl: settings.singleLogoutUrl ?? metadata?.singleLogoutUrl ?? null,
    signingCertificates: certificates.length > 0 ? certificates : (metadata?.signingCertificates ?? []),
    scopes: metadata?.scopes ?? null,
  };
}
