import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { mail, mailStream } from '#domain/mail/mail.js';
import { EventCodec } from '#event-store/codec.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { MailFolder } from './mail-folder.js';

const ada = asUserId('ada');
const idOf = (n: number) => `0198c0de-0000-7000-8000-00000000000${n}`;
const nameOf = (n: number) => `2030-01-01T12-00-00.000Z-${idOf(n)}.eml`;

describe('the mails of a person in a folder', () => {
  let parent: string;
  let folder: string;
  let store: MemoryEventStore;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'authlog-mail-'));
    folder = join(parent, 'mail');
    store = new MemoryEventStore();
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  async function write(n: number, about: string, ending = ''): Promise<void> {
    const repository = new Repository(store, new EventCodec(new MemoryKeys()));
    const now = new Date('2030-01-01T12:00:00.000Z');
    const userId = asUserId(about);
    const start = {
      type: 'StartDispatch',
      kind: 'password-changed',
      userId,
      deadline: new Date(now.getTime() + 1),
      now,
    } as const;
    await repository.execute(mail, mailStream(idOf(n)), start, someContext());
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${nameOf(n)}${ending}`), 'Dear somebody');
  }

  it('are found by what the log says of them, and removed, drafts too', async () => {
    await write(1, 'ada');
    await write(2, 'eve');
    await write(3, 'ada', '.draft');
    writeFileSync(join(folder, 'notes.txt'), 'of an operator');
    const mails = new MailFolder(folder, store);
    expect(await mails.filesOf(ada)).toHaveLength(2);
    await mails.removeThoseOf(ada);
    await mails.removeThoseOf(ada);
    expect(readdirSync(folder).toSorted()).toEqual([nameOf(2), 'notes.txt']);
  });

  it('are none where no mail was ever written', async () =>
    expect(await new MailFolder(folder, store).filesOf(ada)).toEqual([]));
});
