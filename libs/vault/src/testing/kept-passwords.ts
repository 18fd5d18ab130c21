import type { TestPlace } from '#database/testing/test-place.js';

/** How many passwords of accounts are in a vault. */
export async function countPasswords(vault: Pick<TestPlace, 'query'>): Promise<number> {
  return (await vault.query("SELECT id FROM credential WHERE kind = 'password'")).length;
}
