import { describe, expect, it } from 'vitest';
import { utcTime } from './utc-time.js';

describe('a time in a message', () => {
  it('is in UTC, to the second or finer', () => {
    expect(utcTime('2029-12-31T23:59:59Z')).toEqual(new Date('2029-12-31T23:59:59.000Z'));
    expect(utcTime('2028-02-29T00:00:00.123456789Z')).toEqual(new Date('2028-02-29T00:00:00.123Z'));
  });

  it.each([
    null,
    '',
    '2029-12-31',
    '2029-12-31T23:59:59',
    '2029-12-31T23:59Z',
    '2029-12-31T23:59:59+00:00',
    '2029-12-31 23:59:59Z',
    ' 2029-12-31T23:59:59Z',
    '2029-12-31T23:59:59.Z',
    '2029-02-29T00:00:00Z',
    '2029-13-01T00:00:00Z',
    '2029-12-31T24:00:00Z',
    '2029-12-31T23:59:60Z',
    '+002029-12-31T23:59:59Z',
    '1893455999',
  ])('is nothing else: %s', (text) => {
    expect(utcTime(text)).toBeNull();
  });
});
