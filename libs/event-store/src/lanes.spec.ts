import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.js';

describe('lanes', () => {
  const trace: string[] = [];
  const work = (name: string, turns: number) => async () => {
    trace.push(`${name} starts`);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    trace.push(`${name} ends`);
    if (name === 'bad') throw new Error(name);
    return name;
  };

  it('take turns on one key, also after a failure, and none on different keys', async () => {
    const lanes = new Lanes();
    const all = [
      lanes.inTurn('a', work('slow', 3)),
      lanes.inTurn('a', work('bad', 0)),
      lanes.inTurn('a', work('last', 0)),
      lanes.inTurn('b', work('other', 0)),
    ];
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(trace).toEqual([
      'slow starts',
      'other starts',
      'other ends',
      'slow ends',
      'bad starts',
      'bad ends',
      'last starts',
      'last ends',
    ]);
  });
});
