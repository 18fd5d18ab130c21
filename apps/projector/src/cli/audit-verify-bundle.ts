import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type BundleVerdict, NoBundle, verifyBundle } from '#sealing/bundle/verify-bundle.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson } from './output.js';
import { publicKeyIn } from './public-key-file.js';

export interface VerifyBundleOptions {
  readonly key?: string;
  readonly json?: boolean;
}

/** `authlog audit verify-bundle` @throws CannotBeDone if something is wrong with it */
export async function verifyBundleFile(file: string, { key: keyFile, json }: VerifyBundleOptions): Promise<void> {
  const key = publicKeyIn(keyFile);
  const verdict = await verdictOn(file, key);
  if (json === true) sayJson({ ...verdict, isKeyGiven: key !== null });
  else for (const sentence of sentencesAbout(verdict, key !== null)) say(sentence);
  if (verdict.fault !== null) throw new CannotBeDone(`Not as it was sealed: ${verdict.fault.message}`);
}

async function verdictOn(file: string, key: string | null): Promise<BundleVerdict> {
  try {
    const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
    return await verifyBundle(lines, key, new Date());
  } catch (error) {
    if (error instanceof NoBundle) throw new CannotBeDone(`${file} is no bundle. ${error.message}`);
    if (error instanceof Error && 'code' in error) throw new CannotBeDone(`${file} cannot be read.`);
    throw error;
  }
}

function sentencesAbout(verdict: BundleVerdict, isKeyGiven: boolean): string[] {
  const { fault, log, keys, events, heads, from, to, sealedAt } = verdict;
  const believed = isKeyGiven
    ? 'The given key has sealed it.'
    : `The keys in the file were believed: ${keys.join(', ')}. Compare them with those you know, or give one with --key.`;
  return [
    `Log ${log}, from ${from ?? '–'} to ${to ?? '–'}. Events: ${events}; signed heads among them: ${heads}.`,
    ...(fault === null
      ? [`Everything is as it was sealed by the head of ${sealedAt ?? '–'}.`, believed]
      : [`${fault.kind}${fault.position === null ? '' : ` at position ${fault.position}`}`]),
  ];
}
