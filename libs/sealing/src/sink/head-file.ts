import { createReadStream, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { SignedHead } from '#domain/sealing/sealing.js';
import { isSignedHead } from '../signed-head.js';
import { type HeadSink, HeadSinkUnusable } from './head-sink.js';

/** A line is much shorter; what is longer is none. */
const TAIL_BYTES = 16_384;
const NEWLINE = 0x0a;

/** Heads as lines of JSON, which are only ever added; each is on the disk before it counts as taken. */
export class HeadFile implements HeadSink {
  readonly name: string;

  constructor(private readonly path: string) {
    this.name = path;
  }

  async lastNumber(log: string): Promise<number> {
    const file = await this.open();
    try {
      const line = await lastLine(file);
      if (line === undefined) return 0;
      const last = parseHead(line);
      if (last === undefined || last.head.log !== log)
        throw new HeadSinkUnusable(
          `${this.path} does not end with a head of this log: move it away, and it begins anew with all of them.`,
        );
      return last.head.number;
    } finally {
      await file.close();
    }
  }

  async take({ head, signature }: SignedHead): Promise<void> {
    const file = await this.open();
    try {
      // Another process on the same folder may have been quicker.
      const line = await lastLine(file);
      if (line !== undefined && (parseHead(line)?.head.number ?? 0) >= head.number) return;
      await file.write(`${JSON.stringify({ head, signature })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  private async open(): Promise<FileHandle> {
    try {
      return await open(this.path, 'a+', 0o600);
    } catch (cause) {
      throw new HeadSinkUnusable(`${this.path} cannot be written: make its folder, or correct audit.sink.file.`, {
        cause,
      });
    }
  }
}

/** The last whole line; one whose writer died within it is taken off first. */
async function lastLine(file: FileHandle): Promise<string | undefined> {
  const { size } = await file.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = Buffer.alloc(size - from);
  await file.read(tail, 0, tail.length, from);
  const end = tail.lastIndexOf(NEWLINE) + 1;
  if (end < tail.length) await file.truncate(from + end);
  return tail.subarray(0, end).toString().trimEnd().split('\n').at(-1) || undefined;
}

/** A file that has something else than heads, or cannot be read. */
export class HeadsUnreadable extends Error {
  override readonly name = 'HeadsUnreadable';
}

/** The heads in a file, oldest first, as far as it goes when this is called. @throws HeadsUnreadable */
export function headsInFile(path: string): AsyncIterable<SignedHead> {
  try {
    const { size } = statSync(path);
    return headsIn(path, size);
  } catch (cause) {
    throw new HeadsUnreadable(`${path} cannot be read.`, { cause });
  }
}

async function* headsIn(path: string, size: number): AsyncIterable<SignedHead> {
  if (size === 0) return;
  let [number, broken] = [0, 0];
  for await (const line of createInterface({ input: createReadStream(path, { end: size - 1 }), crlfDelay: Infinity })) {
    number += 1;
    // The last line may be on its way still.
    if (broken > 0) throw new HeadsUnreadable(`Line ${broken} of ${path} is no signed head.`);
    const head = parseHead(line);
    if (head === undefined) broken = number;
    else yield head;
  }
}

function parseHead(line: string): SignedHead | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isSignedHead(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
