import type { DataKey, SubjectKeys } from './codec.js';

/** Stands where personal data is that the reader may not see. */
export interface Withheld {
  readonly withheld: true;
}

// No name, address or user agent has such a character: what was sealed cannot be mistaken for it.
const WITHHELD = '\u0000withheld';
const withheld: Withheld = { withheld: true };

const WITHHOLDING_KEY: DataKey = {
  seal() {
    throw new Error('whoever withholds personal data writes none');
  },
  unseal: () => WITHHELD,
};

/**
 * Keys that open nothing, but tell what was erased from what is only withheld.
 * @param opening the id of the one key that does open what it has sealed; null for none
 */
export const withholding = (keys: SubjectKeys, opening: string | null = null): SubjectKeys => ({
  keyOf: (subject) => keys.keyOf(subject),
  async find(ids) {
    const found = await keys.find(ids);
    return new Map([...found].map(([id, key]) => [id, key === null || id === opening ? key : WITHHOLDING_KEY]));
  },
});

/** Hashes of tokens open nothing, and tell nobody anything. */
const isOfNoUse = (name: string) => /hash$/i.test(name);

/** A state or the facts of an event as JSON for readers: without hashes, times as text, and a mark where something is withheld. */
export function shown(value: unknown): unknown {
  if (value === WITHHELD) return withheld;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !isOfNoUse(name))
      .map(([name, part]) => [name, shown(part)]),
  );
}
