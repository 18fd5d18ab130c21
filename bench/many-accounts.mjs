import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { v7 as uuidV7 } from 'uuid';
import { categoryOf, userStream } from '../dist/libs/domain/src/ids.js';
import { reservationStream } from '../dist/libs/domain/src/reservation/reservation.js';
import { EventCodec } from '../dist/libs/event-store/src/codec.js';
import { asMetadata } from '../dist/libs/event-store/src/envelope.js';
import { encrypt } from '../dist/libs/vault/src/aead.js';
import { DataKey } from '../dist/libs/vault/src/data-key.js';
import { IdentifierDigest } from '../dist/libs/vault/src/identifier-digest.js';
import { masterKeyFromFile } from '../dist/libs/vault/src/master-key.js';
import { Vault, placeOfKey } from '../dist/libs/vault/src/vault.js';

const FIRST = [
  'Ada',
  'Alan',
  'Barbara',
  'Clara',
  'Donald',
  'Edith',
  'Frances',
  'Grace',
  'Hedy',
  'Ida',
  'Joan',
  'Karen',
];
const LAST = [
  'Allen',
  'Church',
  'Dijkstra',
  'Hopper',
  'Jones',
  'Knuth',
  'Lamarr',
  'Liskov',
  'Perlman',
  'Rhodes',
  'Turing',
];
const PER_TRANSACTION = 5_000;
const PAGE_CACHE_KIB = 262_144;

/** The account with this number; its name begins like a hundred thousand others. */
export const account = (n) => {
  const username = `${FIRST[n % FIRST.length].toLowerCase()}-${n}`;
  const lastName = LAST[n % LAST.length];
  return { username, email: `${username}@example.org`, firstNames: FIRST[n % FIRST.length], lastName };
};

/** What makes each insertion look for its place in the file; made again at the end in one go. */
const MADE_LAST = ['event_is_never_replaced', 'event_of_stream'];

/** A database that is filled by nobody else. */
function openForFilling(file) {
  const db = new Database(file);
  db.pragma('journal_mode = MEMORY');
  db.pragma('synchronous = OFF');
  db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  return db;
}

/**
 * Adds accounts to the stopped service on this folder, with all that registering them writes but passwords and sessions: the
 * events of the account and of its reservations, and its data key. Straight into the files, since asking for each would take hours.
 */
export async function fillAccounts(data, count, progress) {
  const masterKey = masterKeyFromFile(join(data, 'master.key'));
  const now = new Date();
  const vault = await Vault.open({ file: join(data, 'vault.db') }, masterKey, () => now);
  const digest = new IdentifierDigest(vault.derivedKey('identifier-digest'));
  await vault.close();

  const keys = openForFilling(join(data, 'vault.db'));
  const log = openForFilling(join(data, 'events.db'));
  const last = MADE_LAST.map((name) =>
    log.prepare('SELECT type, name, sql FROM sqlite_schema WHERE name = ?').get(name),
  );
  for (const { type, name } of last) log.exec(`DROP ${type} ${name}`);
  const insertKey = keys.prepare(
    'INSERT INTO data_key (id, subject, "masterKey", wrapped, "createdAt") VALUES (?, ?, ?, ?, ?)',
  );
  const insertEvent = log.prepare(
    'INSERT INTO event (stream, revision, category, id, type, data, metadata, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const append = (stream, revision, { id, type, data: fields }, metadata) =>
    insertEvent.run(stream, revision, categoryOf(stream), id, type, JSON.stringify(fields), metadata, now.getTime());
  const codec = new EventCodec({
    keyOf: async (subject) => {
      const id = randomUUID();
      const bytes = randomBytes(32);
      const wrapped = JSON.stringify(encrypt(bytes.toString('base64'), masterKey.key, placeOfKey(id, subject)));
      insertKey.run(id, subject, masterKey.id, wrapped, now.toISOString());
      return new DataKey(id, bytes);
    },
  });

  for (let n = 0; n < count; n += 1) {
    if (n % PER_TRANSACTION === 0) {
      for (const db of [keys, log]) db.exec(n === 0 ? 'BEGIN' : 'COMMIT; BEGIN');
      progress(`filling the log with accounts: ${Math.round((100 * n) / count)} %`);
    }
    const userId = uuidV7();
    const profile = account(n);
    const commandId = randomUUID();
    const context = { commandId, correlationId: randomUUID(), actor: 'bench', actorKind: 'system', now };
    const streams = [
      reservationStream('name', digest.of('name', profile.username)),
      reservationStream('email', digest.of('email', profile.email)),
    ];
    const metadata = JSON.stringify(asMetadata(context, 1));
    const reserve = (stream, revision, type, fields) =>
      append(stream, revision, { id: randomUUID(), type, data: fields }, metadata);
    for (const stream of streams) reserve(stream, 0, 'IdentifierReserved', { holder: userId, commandId });
    const created = {
      userId,
      kind: 'password',
      role: 'USER',
      ...profile,
      organizationId: null,
      credentialId: null,
      registeredBy: 'service',
    };
    const stream = userStream(userId);
    const encoded = await codec.encode({ type: 'UserCreated', data: created }, randomUUID(), stream, context);
    append(stream, 0, encoded, JSON.stringify(encoded.metadata));
    for (const stream of streams) reserve(stream, 1, 'IdentifierConfirmed', { holder: userId });
  }
  progress('filling the log with accounts: its index');
  for (const { sql } of last.toReversed()) log.exec(sql);
  for (const db of [keys, log]) {
    db.exec('COMMIT');
    db.pragma('journal_mode = WAL');
    db.close();
  }
}
