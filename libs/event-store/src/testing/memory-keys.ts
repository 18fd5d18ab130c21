import { randomBytes } from 'node:crypto';
import { DataKey } from '#vault/data-key.js';
import type { SubjectKeys } from '../codec.js';

/** Data keys in memory, one per subject, which tests can destroy. */
export class MemoryKeys implements SubjectKeys {
  private readonly keys = new Map<string, DataKey | null>();

  async keyOf(subject: string): Promise<DataKey> {
    const key = this.keys.get(subject) ?? new DataKey(subject, randomBytes(32));
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
