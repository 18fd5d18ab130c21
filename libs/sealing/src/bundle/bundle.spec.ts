import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Position } from '#event-store/event-store.js';
import { newSealingKey } from '../signed-head.js';
import { LogCopy, eventsIn } from '../testing/log-copy.js';
import { NOW, SealingFixture } from '../testing/sealing-fixture.js';
import type { BundleEnd, BundleEvent, BundleStart } from './bundle-lines.js';
import { NoBundle, verifyBundle } from './verify-bundle.js';
import { NothingToBundle, bundleLines } from './write-bundle.js';

const position = (n: number) => String(n) as Position;

async function* each<Item>(items: readonly Item[]): AsyncIterable<Item> {
  yield* items;
}

async function linesOf(
  fixture: SealingFixture,
  range: { from: Position | null; to: Position | null } = { from: null, to: null },
  store = fixture.store,
): Promise<string[]> {
  const { repository, leaves } = fixture;
  const lines: string[] = [];
  for await (const line of bundleLines({ store, repository, leaves }, range)) lines.push(line);
  return lines;
}

const verify = (lines: readonly string[], key: string | null = null) => verifyBundle(each(lines), key, NOW);

describe('a bundle of the log (SEC-155)', () => {
  let fixture: SealingFixture;
  let lines: string[];
  /** Where the events are among the lines. */
  let eventLines: number[];
  beforeAll(async () => {
    fixture = await SealingFixture.open();
    for (const count of [20, 3, 270, 30]) {
      await fixture.append(count);
      if (count === 270) await fixture.sealer.rotateKey();
      await fixture.seal();
    }
    await fixture.append(10);
    lines = await linesOf(fixture);
    eventLines = lines.flatMap((line, n) => (line.includes('"event":{') ? [n] : []));
  });
  afterAll(() => fixture.close());

  const eventAt = (n: number) => JSON.parse(lines[n] ?? '') as BundleEvent;
  const someEvent = fc.nat(1_000).map((n) => eventLines[n % eventLines.length] ?? 0);

  it('is verified by nothing but itself', async () => {
    const verdict = await verify(lines);
    const last = (JSON.parse(lines.at(-1) ?? '') as BundleEnd).head.head;
    expect(verdict).toMatchObject({ fault: null, heads: 5, events: last.size, from: '1', to: last.position });
    expect(verdict.keys).toHaveLength(2);
    for (const { publicKey } of await fixture.sealed.keys()) expect((await verify(lines, publicKey)).fault).toBeNull();
  });

  it('may be of any part of the log that is sealed, also where no head ends', async () => {
    const { head } = (JSON.parse(lines.at(-1) ?? '') as BundleEnd).head;
    const place = fc.integer({ min: 1, max: Number(head.position) });
    await fc.assert(
      fc.asyncProperty(place, place, async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const part = await linesOf(fixture, { from: position(from), to: position(to) });
        const verdict = await verify(part);
        expect(verdict).toMatchObject({ fault: null, from: String(from), events: Number(verdict.to) - from + 1 });
      }),
      { numRuns: 40, examples: [[Number(head.position), Number(head.position)]] },
    );
  });

  it('keeps what is personal sealed', () => {
    expect(lines.join('\n')).toContain('"sealed":"A256GCM"');
    expect(eventAt(eventLines[0] ?? 0).event.data).toMatchObject({ name: { text: 'sealed 1' } });
  });

  it('tells where it was cut short, wherever that is', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: lines.length - 1 }), fc.nat(50), async (count, rest) => {
        const whole = lines.slice(0, count);
        const { fault } = await verify([...whole, ...(rest === 0 ? [] : [(lines[count] ?? '').slice(0, rest)])]);
        expect(['cut-short', 'damaged', 'removed']).toContain(fault?.kind);
        expect(fault?.position).not.toBeNull();
      }),
      { numRuns: 60 },
    ));

  it('tells which event was changed', () =>
    fc.assert(
      fc.asyncProperty(someEvent, async (n) => {
        const { position: place, event } = eventAt(n);
        const { fault } = await verify(
          lines.with(n, JSON.stringify({ position: place, event: { ...event, type: 'SomethingElse' } })),
        );
        expect(fault).toMatchObject({ kind: 'changed', position: place });
      }),
      { numRuns: 30 },
    ));

  it('tells which event was removed', () =>
    fc.assert(
      fc.asyncProperty(someEvent, async (n) => {
        const { fault } = await verify(lines.toSpliced(n, 1));
        expect(fault).toMatchObject({ kind: 'removed', position: eventAt(n).position });
      }),
      { numRuns: 30 },
    ));

  it('tells which event was inserted', () =>
    fc.assert(
      fc.asyncProperty(someEvent, async (n) => {
        const { position: place, event } = eventAt(n);
        const added = JSON.stringify({ position: place, event: { ...event, id: randomUUID() } });
        const { fault } = await verify(lines.toSpliced(n, 0, added));
        expect(fault?.position).toBe(place);
      }),
      { numRuns: 30 },
    ));

  it('tells where events have changed places', async () => {
    const [one, other] = [eventLines[3] ?? 0, eventLines[7] ?? 0];
    const [a, b] = [lines[one] ?? '', lines[other] ?? ''];
    const { fault } = await verify(lines.with(one, b).with(other, a));
    expect(fault).toMatchObject({ kind: 'reordered', position: eventAt(one).position });
  });

  it('tells that a stretch of it is missing, leaves and all', async () => {
    const groups = lines.flatMap((line, n) => (line.startsWith('{"leaves"') ? [n] : []));
    const [, second = 0, third = 0] = groups;
    const { fault } = await verify(lines.toSpliced(second, third - second));
    expect(fault).not.toBeNull();
    expect(fault?.position).toBe(eventAt(second + 1).position);
  });

  it('tells that an event was changed in the log, before the bundle was written', async () => {
    const events = await eventsIn(fixture.store);
    const [changed] = events.slice(10);
    if (changed === undefined) throw new Error('there are more than ten');
    const log = new LogCopy(events.with(10, { ...changed, type: 'SomethingElse' }));
    const { fault } = await verify(await linesOf(fixture, { from: null, to: null }, log));
    expect(fault).toMatchObject({ kind: 'changed', position: '11' });
  });

  it('does not believe a key of somebody else, in it or given', async () => {
    expect((await verify(lines, newSealingKey().publicKey)).fault?.kind).toBe('unknown-key');
    const start = JSON.parse(lines[0] ?? '') as BundleStart;
    const keys = start.keys.with(1, { publicKey: newSealingKey().publicKey, announcedBy: null });
    expect((await verify(lines.with(0, JSON.stringify({ ...start, keys })))).fault?.kind).toBe('unknown-key');
  });

  it('does not believe a key that somebody else has announced, and that has signed nothing', async () => {
    const key = (await fixture.sealed.keys())[1]?.publicKey ?? '';
    const other = await SealingFixture.open();
    await other.append(20);
    await other.seal();
    await other.announce(key);
    const theirs = await linesOf(other);
    expect((await verify(theirs)).fault).toBeNull();
    expect((await verify(theirs, key)).fault?.kind).toBe('unknown-key');
    await other.close();
  });

  it('does not believe a key beyond the head that has announced the next one', async () => {
    const start = JSON.parse(lines[0] ?? '') as BundleStart;
    const early = { ...start, keys: start.keys.slice(0, 1) };
    expect((await verify(lines.with(0, JSON.stringify(early)))).fault?.kind).toBe('unknown-key');
  });

  it('does not believe heads of another log', async () => {
    const other = await SealingFixture.open();
    await other.append(20);
    await other.seal();
    const theirs = await linesOf(other);
    const isHead = (line: string) => line.startsWith('{"head"');
    const head = lines.findIndex(isHead);
    const foreign = theirs.find(isHead) ?? '';
    expect((await verify(lines.with(head, foreign))).fault?.kind).toBe('another-log');
    const end = { ...(JSON.parse(lines.at(-1) ?? '') as BundleEnd), ...(JSON.parse(foreign) as object) };
    expect((await verify([...lines.slice(0, -1), JSON.stringify(end)])).fault?.kind).toBe('another-log');
    await other.close();
  });

  it('does not believe a head that was forged', async () => {
    const head = lines.findIndex((line) => line.startsWith('{"head"'));
    const forged = (lines[head] ?? '').replace(/"size":\d+/, '"size":7');
    expect((await verify(lines.with(head, forged))).fault?.kind).toBe('bad-signature');
  });

  it('is told from any other file', async () => {
    for (const other of [[], [''], ['{}'], ['{"bundle":"authlog-audit","format":2}'], ['no JSON']])
      await expect(verify(other)).rejects.toThrow(NoBundle);
    const start = JSON.parse(lines[0] ?? '') as BundleStart;
    await expect(verify([JSON.stringify({ ...start, leavesBefore: 5 })])).rejects.toThrow(NoBundle);
  });

  it('tells a line that cannot be read, and one behind its end', async () => {
    expect((await verify(lines.toSpliced(5, 0, 'no JSON'))).fault).toMatchObject({ kind: 'damaged' });
    expect((await verify([...lines, lines[1] ?? ''])).fault).toMatchObject({ kind: 'damaged' });
  });

  it('is not written where nothing was sealed', async () => {
    const other = await SealingFixture.open();
    await expect(linesOf(other)).rejects.toThrow(NothingToBundle);
    await other.close();
    await expect(linesOf(fixture, { from: position(9_999), to: null })).rejects.toThrow(NothingToBundle);
  });
});
