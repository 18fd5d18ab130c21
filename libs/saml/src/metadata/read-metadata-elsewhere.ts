import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import {
  type MetadataExpectation,
  type ProviderMetadata,
  readIdentityProviderMetadata,
} from './identity-provider-metadata.js';
import { MetadataRefused } from './metadata-refused.js';
import type { FromMetadataThread, MetadataOrder } from './metadata-thread.js';

// A thread cannot be started from TypeScript: tests, which run on the sources, start the built one as well.
const PROGRAM = createRequire(import.meta.url).resolve('#saml/metadata/metadata-thread.js');
/** What is read in a tenth of a second; the feed of a whole federation takes some seconds. */
const READ_HERE_CHARACTERS = 100_000;

/**
 * As `readIdentityProviderMetadata`; what is large is read in another thread, so that nobody who logs in meanwhile waits for it.
 *
 * @throws MetadataRefused
 */
export async function readMetadataElsewhere(text: string, expected: MetadataExpectation): Promise<ProviderMetadata> {
  if (text.length <= READ_HERE_CHARACTERS) return readIdentityProviderMetadata(text, expected);
  const thread = new Worker(PROGRAM, { workerData: { text, expected } satisfies MetadataOrder, execArgv: [] });
  const [answer] = (await once(thread, 'message')) as [FromMetadataThread];
  if ('refused' in answer) throw new MetadataRefused(answer.refused);
  return answer.metadata;
}
