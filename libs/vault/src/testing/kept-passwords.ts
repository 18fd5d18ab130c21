import Database from 'better-sqlite3';

/** How many passwords of accounts are in the file of a vault. */
export function countPasswords(file: string): number {
  const vault = new Database(file, { readonly: true });
  const rows = vault.prepare("SELECT id FROM credential WHERE kind = 'password'").all();
  vault.close();
  return rows.length;
}
