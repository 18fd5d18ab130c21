import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestDatabase } from '#database/testing/test-database.js';
import { PostgresProjectorTurn } from './projector-turn.js';

let database: TestDatabase;
let stop: AbortController;
/** What became of each one's turn, in order. */
let story: string[];
let takers: Promise<void>[];
beforeEach(async () => {
  database = await TestDatabase.create();
  stop = new AbortController();
  story = [];
  takers = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(takers);
  await database.remove();
});

function join(name: string, signal = stop.signal): void {
  const untilOver = (turn: AbortSignal) =>
    new Promise<void>((resolve) => {
      story.push(`${name} begins`);
      turn.addEventListener('abort', () => {
        story.push(`${name} stops`);
        resolve();
      });
    });
  takers.push(new PostgresProjectorTurn(database.server, 'users v1').take(signal, untilOver));
}
async function expectStory(...expected: string[]): Promise<void> {
  await expect.poll(() => story, { timeout: 5_000 }).toEqual(expected);
}

const CUT_OFF_HOLDER = `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

describe('the turn to keep the read models', () => {
  it('is that of one process, and passes on within five seconds when its connection is lost (SEC-153)', async () => {
    join('one');
    await expectStory('one begins');
    join('two');
    await expect
      .poll(() =>
        database.queryAsSuperuser(
          "SELECT FROM pg_stat_activity WHERE application_name = 'authlog' AND datname = current_database()",
        ),
      )
      .toHaveLength(2);
    expect(story).toEqual(['one begins']);
    await database.queryAsSuperuser(CUT_OFF_HOLDER);
    await expect.poll(() => story.length, { timeout: 5_000 }).toBe(3);
    // Whose connection was lost may be the quicker one to come back.
    expect(story[1]).toBe('one stops');
    expect(story[2]).toMatch(/begins$/);
  });

  it('passes on at once when its holder ends, and is given back in order', async () => {
    const end = new AbortController();
    join('one', end.signal);
    await expectStory('one begins');
    join('two');
    end.abort();
    await expectStory('one begins', 'one stops', 'two begins');
  });
});
