import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { v7 as uuidV7 } from 'uuid';
import { EventCodec } from '../dist/libs/event-store/src/codec.js';
import { masterKeyFromFile } from '../dist/libs/vault/src/master-key.js';
import { Vault } from '../dist/libs/vault/src/vault.js';

const USERS = 2_000;
const REFRESHES = 5;
/** Two of three are ended. */
const EVENTS_OF_THREE_SESSIONS = 3 * (1 + REFRESHES) + 2;

/**
 * Fills the log of the stopped service on this folder up to so many events, of users with sessions that are opened, refreshed and
 * often ended; in bulk.
 */
export async function fillSessions(data, count, progress) {
  const vault = await Vault.open(
    { file: join(data, 'vault.db') },
    masterKeyFromFile(join(data, 'master.key')),
    () => new Date(),
  );
  const codec = new EventCodec(vault);
  const db = new Database(join(data, 'events.db'));
  db.pragma('synchronous = OFF');
  const insert = db.prepare(
    'INSERT INTO event (stream, revision, category, id, type, data, metadata, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const written = () => db.prepare('SELECT max(position) FROM event').pluck().get();
  const write = db.transaction((stream, events) => {
    for (const [revision, { id, type, data: fields, metadata }] of events.entries())
      insert.run(
        stream,
        revision,
        stream.split('-')[0],
        id,
        type,
        JSON.stringify(fields),
        JSON.stringify(metadata),
        Date.now(),
      );
  });
  const encode = (stream, events) => {
    const context = {
      commandId: randomUUID(),
      correlationId: randomUUID(),
      actor: randomUUID(),
      actorKind: 'user',
      now: new Date(),
    };
    return Promise.all(events.map((event) => codec.encode(event, randomUUID(), stream, context)));
  };
  const users = Array.from({ length: USERS }, () => uuidV7());
  db.exec('BEGIN');
  for (const userId of users) {
    const stream = `user-${userId}`;
    const profile = {
      username: `big-${userId}`,
      email: `${userId}@example.org`,
      firstNames: 'Ada',
      lastName: 'Lovelace',
    };
    const created = { userId, kind: 'password', role: 'USER', ...profile, organizationId: null, credentialId: null };
    write(stream, await encode(stream, [{ type: 'UserCreated', data: created }]));
  }
  const sessions = Math.ceil((count - written()) / EVENTS_OF_THREE_SESSIONS) * 3;
  for (let n = 0; n < sessions; n += 1) {
    const userId = users[n % USERS];
    const stream = `session-${randomUUID()}`;
    const opened = {
      userId,
      epoch: 0,
      origin: { kind: 'login', service: 'web' },
      secretHash: 'x'.repeat(43),
      rotates: true,
      scopes: ['all:write'],
      amr: ['pwd'],
      authenticatedAt: new Date().toISOString(),
      expiresAt: new Date(Date.now() + 2_592_000_000).toISOString(),
      idleMs: 1_209_600_000,
      accessTokenMs: 600_000,
      ipAddress: '192.0.2.7',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    };
    const refreshed = { type: 'SessionRefreshed', data: { userId, secretHash: 'y'.repeat(43) } };
    const ended = n % 3 === 0 ? [] : [{ type: 'SessionEnded', data: { userId, reason: 'logout' } }];
    write(
      stream,
      await encode(stream, [
        { type: 'SessionOpened', data: opened },
        ...Array.from({ length: REFRESHES }, () => refreshed),
        ...ended,
      ]),
    );
    if (n % 5_000 === 0) {
      db.exec('COMMIT; BEGIN');
      progress(`filling the log: ${Math.round((100 * n) / sessions)} %`);
    }
  }
  db.exec('COMMIT');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return { vault, codec };
}
