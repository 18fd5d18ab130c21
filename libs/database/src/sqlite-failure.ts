import Database from 'better-sqlite3';

/** What the failure to open a SQLite file means to the person who starts the program, and what to do about it. */
export function explainSqliteFailure(file: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return `${file} is damaged or no SQLite database: ${isRemade(file) ? 'delete it, and it is made again' : 'restore it from a back-up'}.`;
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'EACCES')
    return `${file} cannot be opened for writing: make it and its folder writable for this user, or set AUTHLOG_DATA to a folder that is.`;
  if (code === 'SQLITE_FULL') return `${file} cannot be written because the disk is full: free some space.`;
  if (code.startsWith('SQLITE_BUSY')) return `${file} is locked by another program: end it, then start again.`;
  return `${file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
}

/** No room, a broken disk, or a lock that another program holds. */
const LOST = /^SQLITE_(?:FULL|IOERR|BUSY|LOCKED|CANTOPEN|READONLY|NOMEM)/;

/** Whether an error says that the file cannot be used at this moment. */
export const isSqliteLost = (error: unknown): boolean => LOST.test(codeOf(error));

/** Whether an error says that the disk is full. */
export const isSqliteFull = (error: unknown): boolean => codeOf(error) === 'SQLITE_FULL';

/** Read models are made again from the log, and what was counted for throttling counts anew; all else is needed. */
const isRemade = (file: string) => file.endsWith('read-models.db') || file.endsWith('throttle.db');

/** The code of the driver's error, however deep it is wrapped; empty for other errors. */
function codeOf(error: unknown): string {
  if (error instanceof Database.SqliteError) return error.code;
  if (error instanceof Error && 'driverError' in error) return codeOf(error.driverError);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : '';
}
