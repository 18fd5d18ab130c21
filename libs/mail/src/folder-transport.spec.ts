import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderTransport } from './folder-transport.js';
import { MailNotTaken } from './mail-transport.js';

const letter = {
  id: '0198c0de-0000-7000-8000-000000000001',
  date: new Date('2030-01-01T12:00:00.000Z'),
  to: 'ada@example.org',
  copies: [],
  language: 'en',
  subject: 'Confirm',
  text: 'Hello Ada\n',
  html: '<p>Hello Ada</p>',
};

describe('a folder of mails', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'authlog-mail-'));
    folder = join(parent, 'mail');
  });
  afterEach(() => rmSync(parent, { recursive: true }));
  const transport = () => new FolderTransport(folder, { name: 'authlog', address: 'no-reply@localhost' });

  it('holds each as a file that its owner alone can read', async () => {
    const file = await transport().send(letter);
    expect(file).toBe(join(folder, '2030-01-01T12-00-00.000Z-0198c0de-0000-7000-8000-000000000001.eml'));
    expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(await simpleParser(readFileSync(file))).toMatchObject({ subject: 'Confirm', text: 'Hello Ada\n' });
  });

  it('holds a mail once, however often it was tried', async () => {
    await transport().send(letter);
    await transport().send(letter);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('that cannot be written takes it later', async () => {
    writeFileSync(folder, 'no folder');
    chmodSync(folder, 0o400);
    await expect(transport().send(letter)).rejects.toThrow(MailNotTaken);
  });
});
