import { type KeyObject, generateKeySync } from 'node:crypto';
import type { SubjectKeys } from '../codec.js';
import type { DataKey } from '../seal.js';

/** Data keys in memory, one per subject, which tests can destroy. */
export class MemoryKeys implements SubjectKeys {
  private readonly keys = new Map<string, KeyObject | null>();

  async keyOf(subject: string): Promise<DataKey> {
    const key = this.keys.get(subject) ?? generateKeySync('aes', { length: 256 });
    this.keys.set(subject, key);
    return { id: subject, key };
  }

  async find(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, KeyObject | null>> {
    return new Map([...ids].map((id) => [id, this.keys.get(id) ?? null]));
  }

  destroy(subject: string): void {
    this.keys.set(subject, null);
  }
}
