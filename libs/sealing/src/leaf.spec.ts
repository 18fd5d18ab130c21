import { describe, expect, it } from 'vitest';
import { RETENTION } from '#domain/retention.js';
import type { Position, RecordedEvent } from '#event-store/event-store.js';
import { canonicalEvent, leavesOf, readLeaf } from './leaf.js';
import { isAged, retentionClassOf } from './retention-class.js';

const event: RecordedEvent = {
  id: '00000000-0000-4000-8000-000000000001',
  type: 'LoginFailed',
  data: { reason: 'wrong-password' },
  metadata: { schema: '1', actor: 'anonymous' },
  stream: 'attempts-ada',
  revision: 3,
  position: '18446744073709551615' as Position,
  recordedAt: new Date('2030-01-01T00:00:00.001Z'),
};

describe('a leaf of the tree (SEC-155)', () => {
  it('is hashed from the event as it is stored, in canonical JSON', () =>
    expect(canonicalEvent(event)).toBe(
      '{"data":{"reason":"wrong-password"},"id":"00000000-0000-4000-8000-000000000001",' +
        '"metadata":{"actor":"anonymous","schema":"1"},"recordedAt":"2030-01-01T00:00:00.001Z","revision":3,' +
        '"stream":"attempts-ada","type":"LoginFailed"}',
    ));

  it('has the same bytes for ever', () =>
    expect(leavesOf([event]).toString('hex')).toBe(
      'ac7fdfd91aa710127c094cd751a89449e79256c180d660aa56c324178820d520ffffffffffffffff01b8dac5b40101',
    ));

  it('says when its event was recorded, where it stands and how long it is kept', () =>
    expect(readLeaf(leavesOf([event]))).toMatchObject({
      position: '18446744073709551615',
      recordedAt: event.recordedAt.getTime(),
      retentionClass: 1,
    }));

  it('knows every category that ages by a number of its own, and never by another (SEC-165)', () => {
    const classes = RETENTION.map(({ category }) => [category, retentionClassOf(`${category}-1`)]);
    expect(classes).toEqual(
      expect.arrayContaining([
        ['attempts', 1],
        ['challenge', 2],
        ['iterator', 3],
        ['onetime', 4],
      ]),
    );
    expect(new Set(classes.map(([, number]) => number)).size).toBe(RETENTION.length);
    expect(classes.map(([, number]) => number)).not.toContain(0);
    expect(retentionClassOf('user-1')).toBe(0);
  });

  it('may be without its event from the day on which that is kept no longer', () => {
    const attempt = { retentionClass: 1, recordedAt: Date.parse('2030-01-01T00:00:00.000Z') };
    expect(isAged(attempt, new Date('2030-04-01T00:00:00.000Z'))).toBe(false);
    expect(isAged(attempt, new Date('2030-04-01T00:00:00.001Z'))).toBe(true);
    expect(isAged({ ...attempt, retentionClass: 0 }, new Date('2130-01-01T00:00:00.000Z'))).toBe(false);
  });
});
