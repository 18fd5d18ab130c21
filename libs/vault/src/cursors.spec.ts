import { describe, expect, it } from 'vitest';
import { Cursors } from './cursors.js';

const cursors = new Cursors(Buffer.alloc(32, 7));
const place = { matched: 'ada@example.org', id: '0198' };
const cursor = cursors.seal(place, 'users of ada');

describe('a cursor', () => {
  it('leads back to its place, in another process with the same key as well', () => {
    expect(cursors.open(cursor, 'users of ada')).toEqual(place);
    expect(new Cursors(Buffer.alloc(32, 7)).open(cursor, 'users of ada')).toEqual(place);
  });

  it('leads nowhere in another list, or with another key (SEC-133)', () => {
    expect(cursors.open(cursor, 'users of eve')).toBeUndefined();
    expect(new Cursors(Buffer.alloc(32, 8)).open(cursor, 'users of ada')).toBeUndefined();
  });

  it('tells nothing, and is another one each time (SEC-133)', () => {
    expect(Buffer.from(cursor.replaceAll('.', ''), 'base64url').toString('latin1')).not.toContain('ada');
    expect(cursors.seal(place, 'users of ada')).not.toBe(cursor);
  });

  it('cannot be changed in any character, cut or lengthened (SEC-133)', () => {
    for (let at = 0; at < cursor.length; at += 1)
      for (const other of ['A', 'B', '.', '-', '=', ' '])
        if (cursor[at] !== other)
          expect(cursors.open(cursor.slice(0, at) + other + cursor.slice(at + 1), 'users of ada')).toBeUndefined();
    for (const forged of ['', '.', '..', '...', 'x', 'null', `${cursor}=`, `${cursor}.`, ` ${cursor}`, cursor.slice(1)])
      expect([forged, cursors.open(forged, 'users of ada')]).toEqual([forged, undefined]);
  });
});
