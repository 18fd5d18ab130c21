/** Errors whose message was written for the person who starts the program. */
const EXPLAINED = new Set([
  'SettingsInvalid',
  'DataFolderUnusable',
  'NotOneInstallation',
  'LogFileUnusable',
  'DatabaseUnusable',
  'VaultUnreadable',
]);

/** One line that says why the program did not start and what to do. */
export function explainStartFailure(error: unknown): string {
  if (!(error instanceof Error)) return `authlog did not start: ${String(error)}`;
  if (EXPLAINED.has(error.name)) return `authlog did not start: ${error.message}`;
  if (error.name === 'StoreUnavailable')
    return `authlog did not start: ${error.message} Check AUTHLOG_EVENT_STORE, and that the server it names runs and can be reached.`;
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error)
    return `authlog did not start: port ${String(error.port)} is in use: end the other program, or set AUTHLOG_PORT to a free port.`;
  if ('code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'))
    return 'authlog did not start: AUTHLOG_HOST is no address of this machine.';
  if ('code' in error && error.code === 'EACCES')
    return 'authlog did not start: it may not listen on AUTHLOG_PORT; ports below 1024 need more rights.';
  if ('code' in error && String(error.code).startsWith('SQLITE_'))
    return `authlog did not start: a database in the data folder cannot be used (${error.message}): restore it from a back-up.`;
  return `authlog did not start: ${error.name}: ${error.message}`.replaceAll(/\s+/g, ' ');
}
