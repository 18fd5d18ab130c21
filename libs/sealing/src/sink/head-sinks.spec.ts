import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignedHead } from '#domain/sealing/sealing.js';
import { SealingFixture } from '../testing/sealing-fixture.js';
import { handOutHeads } from './hand-out-heads.js';
import { HeadEndpoint } from './head-endpoint.js';
import { HeadFile, HeadsUnreadable, headsInFile } from './head-file.js';
import { type HeadSink, HeadSinkUnusable } from './head-sink.js';

describe('heads that are handed out (SEC-155)', () => {
  let fixture: SealingFixture;
  let folder: string;
  let ending: AbortController;
  let failures: string[];
  beforeEach(async () => {
    fixture = await SealingFixture.open();
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
    ending = new AbortController();
    failures = [];
  });
  afterEach(async () => {
    await fixture.close();
    rmSync(folder, { recursive: true });
  });

  const sealTimes = async (times: number) => {
    for (let n = 0; n < times; n += 1) {
      await fixture.append(2);
      await fixture.seal();
    }
  };

  /** Hands heads to a sink until it has the one with this number. */
  async function handOut(sink: HeadSink, last: number): Promise<void> {
    const { store, repository } = fixture;
    const delivered = (_: string, number: number) => {
      if (number === last) ending.abort();
    };
    const failed = (_: string, error: unknown) => failures.push(String(error));
    await handOutHeads({ store, repository, delivered, failed, lookMs: 20 }, sink, ending.signal);
    ending = new AbortController();
  }

  describe('to a file', () => {
    const path = () => join(folder, 'heads.ndjson');
    const written = async () => {
      const heads: SignedHead[] = [];
      for await (const head of headsInFile(path())) heads.push(head);
      return heads;
    };

    it('are in it in order, and it goes on where it was', async () => {
      await sealTimes(2);
      await handOut(new HeadFile(path()), 2);
      await sealTimes(2);
      await handOut(new HeadFile(path()), 4);
      expect(await written()).toEqual(await fixture.sealed.heads(0, 10));
      expect(failures).toEqual([]);
    });

    it('are whole also where a writer died within a line', async () => {
      await sealTimes(2);
      await handOut(new HeadFile(path()), 2);
      const whole = readFileSync(path(), 'utf8');
      appendFileSync(path(), '{"head":{"numb');
      expect(await written()).toHaveLength(2);
      await sealTimes(1);
      await handOut(new HeadFile(path()), 3);
      expect(readFileSync(path(), 'utf8').startsWith(whole)).toBe(true);
      expect(await written()).toHaveLength(3);
    });

    it('are not added to those of another log, nor to something else', async () => {
      const other = await SealingFixture.open();
      await other.append(2);
      const head = await other.seal();
      for (const content of [JSON.stringify(head), 'a diary']) {
        writeFileSync(path(), `${content}\n`);
        await sealTimes(1);
        const log = (await fixture.sealed.latestHead())?.head.log ?? '';
        await expect(new HeadFile(path()).lastNumber(log)).rejects.toThrow(HeadSinkUnusable);
      }
      await other.close();
    });

    it('cannot be read from what is no such file', async () => {
      writeFileSync(path(), 'a diary\nof two lines\n');
      await expect(written()).rejects.toThrow(HeadsUnreadable);
      expect(() => headsInFile(join(folder, 'nowhere'))).toThrow(HeadsUnreadable);
    });
  });

  describe('over HTTP', () => {
    let server: Server;
    let taken: SignedHead[];
    let refusals: number;
    beforeEach(async () => {
      [taken, refusals] = [[], 0];
      server = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          if (refusals > 0) {
            refusals -= 1;
            response.writeHead(503).end();
            return;
          }
          taken.push(JSON.parse(Buffer.concat(parts).toString()) as SignedHead);
          response.writeHead(204).end();
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });
    const endpoint = () =>
      new HeadEndpoint(`http://127.0.0.1:${(server.address() as AddressInfo).port}/heads`, fixture.leaves);

    it('are posted one by one, and go on where they were', async () => {
      await sealTimes(2);
      await handOut(endpoint(), 2);
      await sealTimes(1);
      await handOut(endpoint(), 3);
      expect(taken).toEqual(await fixture.sealed.heads(0, 10));
    });

    it('wait where they are not taken, and come later, in order', async () => {
      refusals = 1;
      await sealTimes(2);
      await handOut(endpoint(), 2);
      expect(failures).toEqual(['Error: it answered 503']);
      expect(taken).toEqual(await fixture.sealed.heads(0, 10));
    });

    it('are given up on for now where nobody answers', async () => {
      server.removeAllListeners('request');
      await sealTimes(1);
      const head = await fixture.sealed.latestHead();
      if (head === null) throw new Error('it was sealed');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await expect(new HeadEndpoint(url, fixture.leaves, 50).take(head)).rejects.toThrow('aborted');
    });
  });
});
