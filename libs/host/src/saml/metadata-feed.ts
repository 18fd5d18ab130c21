import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ProviderMetadata } from '#saml/metadata/identity-provider-metadata.js';
import { MetadataRefused } from '#saml/metadata/metadata-refused.js';
import { readMetadataElsewhere } from '#saml/metadata/read-metadata-elsewhere.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { fetchMetadata } from './fetch-metadata.js';
import { LastGoodCopy } from './last-good-copy.js';
import type { MetadataSource } from './saml-settings.js';

/** Whose metadata it is. */
export interface Described {
  readonly name: string;
  readonly entityId: string;
  readonly metadata: MetadataSource;
}

/**
 * The metadata of one identity provider: the newest that could be used, until it is over (SEC-115). What cannot be fetched, or cannot
 * be used, changes nothing, and is said in the log once.
 */
export class MetadataFeed {
  private newest: ProviderMetadata | null = null;
  /** Of the text that it was read from, and that is on disk. */
  private digest: string | null = null;
  private said = 'good';
  private readonly copy: LastGoodCopy;

  constructor(
    private readonly described: Described,
    data: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.copy = new LastGoodCopy(data, described.name);
  }

  /** Null: there is none, or it is over. */
  current(): ProviderMetadata | null {
    const until = this.newest?.validUntil ?? null;
    return until !== null && until <= this.clock.now() ? null : this.newest;
  }

  /** Before the first request: the file, or what was good when this service last ran. Never fails. */
  async open(): Promise<void> {
    if ('file' in this.described.metadata.from) {
      await this.refresh();
      return;
    }
    const text = await this.copy.read();
    // It is refused when it is over; whether that matters, the next refresh says.
    if (text !== null)
      await this.use(text).then(
        () => (this.digest = digestOf(text)),
        () => undefined,
      );
  }

  /** Looks whether there is something newer. Never fails. @returns whether what there is could be used */
  async refresh(signal?: AbortSignal): Promise<boolean> {
    try {
      const text = await this.load(signal);
      if (digestOf(text) !== this.digest || this.current() === null) {
        await this.use(text);
        if ('url' in this.described.metadata.from) await this.copy.write(text);
        this.digest = digestOf(text);
      }
      this.say('good');
      return true;
    } catch (error) {
      if (signal?.aborted !== true) this.say(whyUnusable(error));
      return false;
    }
  }

  private async load(signal: AbortSignal | undefined): Promise<string> {
    const { from } = this.described.metadata;
    return 'url' in from ? (await fetchMetadata(from.url, signal)).text : readFile(from.file, 'utf8');
  }

  private async use(text: string): Promise<void> {
    const { entityId, metadata } = this.described;
    const expected = { entityId, signers: metadata.signers, now: this.clock.now() };
    this.newest = await readMetadataElsewhere(text, expected);
  }

  private say(state: string): void {
    const { name: identityProvider } = this.described;
    const isUsable = this.current() !== null;
    const words = state === 'good' ? state : `${state} ${isUsable}`;
    if (words === this.said) return;
    this.said = words;
    if (state === 'good') this.log.info({ identityProvider }, 'metadata of an identity provider can be used again');
    else if (isUsable)
      this.log.warn(
        { identityProvider, reason: state },
        'no newer metadata of an identity provider; it is used as it was',
      );
    else
      this.log.error(
        { identityProvider, reason: state },
        'no metadata of an identity provider: nobody can log in through it',
      );
  }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Why metadata could not be had or used, with what the network says of it. */
export function whyUnusable(error: unknown): string {
  if (error instanceof MetadataRefused) return `the metadata ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}
