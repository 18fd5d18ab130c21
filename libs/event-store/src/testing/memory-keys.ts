import { randomBytes } from 'node:crypto';
import { DataKey } from '#vault/data-key.js';
import { Refused } from '#domain/refused.js';
import type { SubjectKeys } from '../codec.js';

/** Data keys in memory, one per subject, which tests can destroy. */
export class MemoryKeys implements SubjectKeys {
  private readonly keys = new Map<string, DataKey | null>();

  async keyOf(subject: string): Promise<DataKey> {
    const known = this.keys.get(subject);
    if (known === null) throw new Refused('user-erased');
    const key = known ?? new DataKey(subject, randomBytes(32));
    this.keys.set(subject, key);
    return key;
  }

  async find(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, DataKey | null>> {
    return new Map([...ids].map((id) => [id, this.keys.get(id) ?? null]));
  }

  destroy(subject: string): void {
    this.keys.set(subject, null);
  }
}
