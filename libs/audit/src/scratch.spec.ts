import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asUserId, userStream } from '#domain/ids.js';
import { adaData } from '#domain/testing/users.js';
import type { Position } from '#event-store/event-store.js';
import { ReadModelFixture } from '#read-models/testing/read-model-fixture.js';
import { users } from '#read-models/users/users.projection.js';
import { ScratchCopy, outdatedBefore, removeScratchCopies, scratchFolder } from './scratch.js';

let data: string;
let fixture: ReadModelFixture;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'authlog-'));
  fixture = await ReadModelFixture.open('SQLite');
});
afterEach(async () => {
  await fixture.close();
  rmSync(data, { recursive: true });
});

const ada = asUserId('ada');
const now = new Date();

async function copyAt(position: string) {
  const options = { data, whose: 'personal', now, progress: () => undefined };
  const copy = await ScratchCopy.fill(fixture, users, position as Position, options);
  const rows = [];
  for await (const { table, row } of copy.rows()) rows.push([table, row['firstNames'], row['status']]);
  await copy.close();
  return { rows, file: copy.file };
}

it('a read model is shown as it was, by the projection that keeps it, and the copy is removed after an hour', async () => {
  await fixture.happened(userStream(ada), { type: 'UserCreated', data: { ...adaData, userId: ada } });
  await fixture.happened(userStream(ada), {
    type: 'ProfileChanged',
    data: { userId: ada, firstNames: 'Augusta', lastName: 'Lovelace' },
  });
  await fixture.happened(userStream(ada), { type: 'UserDeleted', data: { userId: ada } });
  expect((await copyAt('1')).rows).toEqual([['user_account', 'Ada', 'active']]);
  expect((await copyAt('2')).rows).toEqual([['user_account', 'Augusta', 'active']]);
  const { rows, file } = await copyAt('3');
  expect(rows).toEqual([['user_account', 'Augusta', 'deleted']]);
  // Asked again it is there.
  expect((await copyAt('3')).rows).toEqual(rows);

  utimesSync(file, new Date(0), outdatedBefore(new Date(now.getTime() - 1)));
  await copyAt('1');
  expect(existsSync(file)).toBe(false);
  removeScratchCopies(data);
  expect(readdirSync(scratchFolder(data))).toEqual([]);
});
