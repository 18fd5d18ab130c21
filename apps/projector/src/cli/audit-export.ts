import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asPosition } from '#event-store/event-store.js';
import { NothingToBundle, bundleLines } from '#sealing/bundle/write-bundle.js';
import { CannotBeDone } from './cannot-be-done.js';
import { withStores } from './with-stores.js';

export interface ExportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

/** `authlog audit export` @throws CannotBeDone if there is nothing to write, or nowhere */
export const exportBundle = ({ from, to, out }: ExportOptions): Promise<void> =>
  withStores(async ({ eventStore: store, repository, leaves }) => {
    const range = { from: from === undefined ? null : asPosition(from), to: to === undefined ? null : asPosition(to) };
    const lines = inBlocks(bundleLines({ store, repository, leaves }, range));
    try {
      if (out === undefined) await writeOut(lines);
      // Others have no business with it, also where it holds nothing personal in clear.
      else await pipeline(Readable.from(lines), createWriteStream(out, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      if (error instanceof NothingToBundle) throw new CannotBeDone(error.message);
      if (error instanceof Error && 'code' in error && typeof error.code === 'string' && out !== undefined)
        throw new CannotBeDone(
          error.code === 'EEXIST'
            ? `${out} is there already: name another file.`
            : `${out} cannot be written (${error.code}).`,
        );
      throw error;
    }
  });

const BLOCK = 65_536;

/** Lines together: each write by itself is a journey to the system. */
async function* inBlocks(lines: AsyncIterable<string>): AsyncIterable<string> {
  let block = '';
  for await (const line of lines) {
    block += `${line}\n`;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

async function writeOut(blocks: AsyncIterable<string>): Promise<void> {
  for await (const block of blocks) if (!process.stdout.write(block)) await once(process.stdout, 'drain');
}
