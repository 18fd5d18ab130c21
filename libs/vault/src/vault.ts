import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { And, type DataSource, In, LessThanOrEqual, Like, Not, type Repository } from 'typeorm';
import { FOR_QUERIES, type PoolLimits } from '#database/database-settings.js';
import { openDatabase } from '#database/database.js';
import { Dialect } from '#database/dialect.js';
import { clearFreedSpace } from '#database/freed-space.js';
import type { Place } from '#database/place.js';
import { type CredentialId, asCredentialId } from '#domain/ids.js';
import { ADDRESS_SUBJECTS, addressesOn } from '#domain/refusal/request-source.js';
import { ADDRESSES_KEPT_DAYS } from '#domain/retention.js';
import { Refused } from '#domain/refused.js';
import { type Ciphertext, decrypt, encrypt } from './aead.js';
import { DataKey } from './data-key.js';
import type { MasterKey } from './master-key.js';
import { CreateVault1767225600000 } from './migrations/1767225600000-create-vault.js';
import { CredentialRow, DataKeyRow } from './vault-rows.js';

export type CredentialKind = 'password' | 'recovery-codes' | 'sealing-key' | 'signing-key' | 'totp';

export type KeyPurpose =
  | 'claim-token'
  | 'csrf-token'
  | 'device-token'
  | 'fingerprint'
  | 'first-administrator'
  | 'identifier-digest'
  | 'installation-id'
  | 'list-cursor'
  | 'mail-token'
  | 'refresh-token';

/** The vault does not belong to this master key, or a row of it was tampered with. */
export class VaultUnreadable extends Error {
  override readonly name = 'VaultUnreadable';
}

const KEY_BYTES = 32;
/** How long a destroyed key may still be in the memory of a process (event-sourcing §14). */
const CACHED_MS = 60_000;
const CACHED_KEYS = 5_000;

/** One or two short statements for each login, of which few go side by side: passwords are hashed in between. */
const POOL: PoolLimits = { ...FOR_QUERIES, connections: 5 };

const INSTALLATION = 'installation';
const TABLES = ['data_key', 'credential'];

const DAY_MS = 86_400_000;

/**
 * What must be erasable: the data keys that seal personal data, and the credentials. Each row is wrapped by the master
 * key, bound to its place. It is written before the event that refers to it, so a crash leaves an orphan, never a
 * dangling reference.
 */
export class Vault {
  private readonly dataKeys: Repository<DataKeyRow>;
  private readonly credentials: Repository<CredentialRow>;
  /** By hand: every login asks for a password, and the statement is planned once. */
  private readonly selectCredential: string;
  private installationSecret: Buffer = Buffer.alloc(0);
  private readonly keysById = new LRUCache<string, DataKey>({ max: CACHED_KEYS, ttl: CACHED_MS });
  private readonly keysBySubject = new LRUCache<string, DataKey>({ max: CACHED_KEYS, ttl: CACHED_MS });

  /** What this process has seen destroyed: whoever was just reading a key must not keep it. */
  private readonly destroyed = new Set<string>();

  private constructor(
    private readonly place: Place,
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly now: () => Date,
  ) {
    this.dataKeys = database.getRepository(DataKeyRow);
    this.credentials = database.getRepository(CredentialRow);
    this.selectCredential = `SELECT * FROM credential WHERE id = ${new Dialect(database).parameter(0)}`;
  }

  /** @throws DatabaseUnusable, and VaultUnreadable if it was made with another master key */
  static async open(place: Place, masterKey: MasterKey, now: () => Date): Promise<Vault> {
    const migrations = [CreateVault1767225600000];
    const database = await openDatabase({
      place,
      entities: [DataKeyRow, CredentialRow],
      migrations,
      durability: 'full',
      pool: POOL,
    });
    const vault = new Vault(place, database, masterKey, now);
    try {
      vault.installationSecret = await vault.loadInstallationSecret();
      return vault;
    } catch (error) {
      await database.destroy();
      throw error;
    }
  }

  /**
   * A key of this installation for one purpose, 256 bits; the same in every process and after every restart, and
   * independent of the keys for other purposes (HKDF, RFC 5869).
   */
  derivedKey(purpose: KeyPurpose): Buffer {
    return Buffer.from(hkdfSync('sha256', this.installationSecret, '', `authlog ${purpose}`, KEY_BYTES));
  }

  /** Keeps a secret of an account or of the installation. Durable once it resolves. */
  async keep(kind: CredentialKind, owner: string, secret: string): Promise<CredentialId> {
    const id = asCredentialId(randomUUID());
    await this.insertCredential(id, kind, owner, secret);
    return id;
  }

  /** The secret; null if there is none with this id, or it was erased. */
  async reveal(id: CredentialId): Promise<string | null> {
    const [row]: CredentialRow[] = await this.database.query(this.selectCredential, [id]);
    return row === undefined ? null : this.unwrapCredential(row);
  }

  /** Nobody can read it again. What is not there any more is erased already. */
  async erase(id: CredentialId): Promise<void> {
    await this.credentials.delete({ id });
  }

  /** Whether it holds secrets of accounts or of the installation's keys that are older than this. */
  async isInUse(olderThanMs: number): Promise<boolean> {
    const createdAt = LessThanOrEqual(new Date(this.now().getTime() - olderThanMs).toISOString());
    return this.credentials.existsBy({ id: Not(INSTALLATION), createdAt });
  }

  /** How many secrets of this owner it has. */
  async countOf(owner: string): Promise<number> {
    return this.credentials.countBy({ owner });
  }

  /**
   * Destroys the data key and all secrets of a subject, and what is left of them in the files; the row of the key stays and says
   * that it was there, so that no other is made. Again, it changes nothing.
   */
  async eraseSubject(subject: string): Promise<void> {
    await this.credentials.delete({ owner: subject });
    const tombstone = { id: randomUUID(), subject, masterKey: this.masterKey.id, wrapped: null };
    const row = { ...tombstone, createdAt: this.now().toISOString() };
    await this.dataKeys.createQueryBuilder().insert().values(row).orIgnore().execute();
    await this.dataKeys.update({ subject }, { wrapped: null });
    this.forget(subject);
    await clearFreedSpace(this.place, TABLES);
  }

  /** Lets go of a key that was destroyed, here or by another process. */
  forget(subject: string): void {
    this.destroyed.add(subject);
    const key = this.keysBySubject.peek(subject);
    if (key !== undefined) this.keysById.delete(key.id);
    this.keysBySubject.delete(subject);
  }

  /** The key that seals this subject's personal data; made the first time. @throws Refused `user-erased` */
  async keyOf(subject: string): Promise<DataKey> {
    const cached = this.keysBySubject.get(subject);
    if (cached !== undefined) return cached;
    const row = await this.dataKeys.findOneBy({ subject });
    if (row !== null) {
      const key = this.unwrapDataKey(row);
      if (key === null) throw new Refused('user-erased');
      return key;
    }
    const id = randomUUID();
    const { id: masterKey } = this.masterKey;
    const wrapped = this.wrap(randomBytes(KEY_BYTES).toString('base64'), placeOfKey(id, subject));
    // Of several at once the first makes the key, and all use it.
    const fresh = { id, subject, masterKey, wrapped, createdAt: this.now().toISOString() };
    await this.dataKeys.createQueryBuilder().insert().values(fresh).orIgnore().execute();
    return this.keyOf(subject);
  }

  /** The data keys with these ids; null for one that was destroyed or never was. */
  async find(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, DataKey | null>> {
    const found = new Map<string, DataKey | null>();
    const missing: string[] = [];
    for (const id of ids) {
      const cached = this.keysById.get(id);
      if (cached === undefined) missing.push(id);
      found.set(id, cached ?? null);
    }
    if (missing.length > 0)
      for (const row of await this.dataKeys.findBy({ id: In(missing) })) found.set(row.id, this.unwrapDataKey(row));
    return found;
  }

  /**
   * Destroys the keys of the days whose addresses are kept no longer.
   * @returns how many
   */
  async destroyAgedKeys(): Promise<number> {
    // Of the last day that was over so long ago.
    const last = addressesOn(new Date(this.now().getTime() - (ADDRESSES_KEPT_DAYS + 1) * DAY_MS).toISOString());
    const aged = And(Like(`${ADDRESS_SUBJECTS}%`), LessThanOrEqual(last));
    // With their rows: should a clock have run ahead, the day gets another key, and no login fails for want of one.
    const { affected } = await this.dataKeys.delete({ subject: aged });
    return affected ?? 0;
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }

  /** Of several processes that start for the first time one makes it, and all use it. */
  private async loadInstallationSecret(): Promise<Buffer> {
    const known = await this.credentials.findOneBy({ id: INSTALLATION });
    if (known !== null) return Buffer.from(this.unwrapCredential(known), 'base64');
    await this.insertCredential(INSTALLATION, 'installation', INSTALLATION, randomBytes(KEY_BYTES).toString('base64'));
    return this.loadInstallationSecret();
  }

  private async insertCredential(id: string, kind: string, owner: string, secret: string): Promise<void> {
    const wrapped = this.wrap(secret, placeOfCredential(id, kind, owner));
    const row = { id, kind, owner, masterKey: this.masterKey.id, wrapped, createdAt: this.now().toISOString() };
    await this.credentials.createQueryBuilder().insert().values(row).orIgnore().execute();
  }

  private unwrapDataKey({ id, subject, wrapped, masterKey }: DataKeyRow): DataKey | null {
    if (wrapped === null) return null;
    const key = new DataKey(id, Buffer.from(this.unwrap(wrapped, masterKey, placeOfKey(id, subject)), 'base64'));
    if (this.destroyed.has(subject)) return null;
    this.keysById.set(id, key);
    this.keysBySubject.set(subject, key);
    return key;
  }

  private unwrapCredential = ({ id, kind, owner, wrapped, masterKey }: CredentialRow) =>
    this.unwrap(wrapped, masterKey, placeOfCredential(id, kind, owner));

  private wrap(secret: string, place: string): string {
    return JSON.stringify(encrypt(secret, this.masterKey.key, place));
  }

  private unwrap(wrapped: string, masterKey: string, place: string): string {
    if (masterKey !== this.masterKey.id)
      throw new VaultUnreadable(
        'The master key does not belong to this vault: set AUTHLOG_MASTER_KEY, or restore the master.key file, to the one it was made with.',
      );
    try {
      return decrypt(JSON.parse(wrapped) as Ciphertext, this.masterKey.key, place);
    } catch (cause) {
      throw new VaultUnreadable(
        `A row of the vault was changed or moved (${place}): restore the vault from a back-up.`,
        { cause },
      );
    }
  }
}

/** What a data key is wrapped for: in another row it cannot be unwrapped. */
export const placeOfKey = (id: string, subject: string) => `data_key/${id}/${subject}`;
const placeOfCredential = (id: string, kind: string, owner: string) => `credential/${id}/${kind}/${owner}`;
