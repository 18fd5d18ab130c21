import { parentPort, workerData } from 'node:worker_threads';
import {
  type MetadataExpectation,
  type ProviderMetadata,
  readIdentityProviderMetadata,
} from './identity-provider-metadata.js';
import { MetadataRefused } from './metadata-refused.js';

/** A thread that reads one document and ends. */

export interface MetadataOrder {
  readonly text: string;
  readonly expected: MetadataExpectation;
}

export type FromMetadataThread = { readonly metadata: ProviderMetadata } | { readonly refused: string };

function answer({ text, expected }: MetadataOrder): FromMetadataThread {
  try {
    return { metadata: readIdentityProviderMetadata(text, expected) };
  } catch (error) {
    if (error instanceof MetadataRefused) return { refused: error.message };
    throw error;
  }
}

parentPort?.postMessage(answer(workerData as MetadataOrder));
