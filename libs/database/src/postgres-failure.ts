import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import type { PostgresServer, Schema } from './place.js';

/** What the failure to open a PostgreSQL database means to the person who starts the program, and what to do about it. */
export function explainPostgresFailure(
  { host, port, user, database }: PostgresServer,
  schema: Schema,
  error: unknown,
): string {
  const code = codeOf(error);
  const server = `the PostgreSQL server at ${host}:${port}`;
  const reason = reasonOf(error);
  switch (code) {
    case '28P01':
      return `${server} refuses the password of ${user}: correct AUTHLOG_DATABASE.`;
    case '28000':
      return `${server} refuses ${user} (${reason}): correct AUTHLOG_DATABASE, or the server's pg_hba.conf.`;
    case '3D000':
      return `${server} has no database ${database}: create it, or correct AUTHLOG_DATABASE.`;
    case '42501':
      return `${user} may not do in the database ${database} what is needed (${reason}): GRANT CREATE ON DATABASE ${database} TO ${user}, or CREATE SCHEMA ${schema} AUTHORIZATION ${user}.`;
    case '53300':
      return `${server} takes no more connections: raise its max_connections, or run fewer processes.`;
    case '55P03':
      return `another process has been bringing ${schema} up to date for minutes: wait for it, or end it.`;
    case '25006':
      return `${server} can only be read: name the primary in AUTHLOG_DATABASE.`;
  }
  if (isFaultOfTls(code, reason))
    return `the connection to ${server} cannot be made secure (${reason}): name the certificate of who signed that of the server with sslrootcert=FILE in AUTHLOG_DATABASE, and the host as the certificate has it.`;
  if (isPostgresLost(error)) return `${server} cannot be reached (${reason}): start it, or correct AUTHLOG_DATABASE.`;
  return `the schema ${schema} in AUTHLOG_DATABASE cannot be opened: ${reason}`;
}

const isFaultOfTls = (code: string, reason: string) =>
  /CERT|SIGNATURE|^ERR_(?:TLS|SSL)|^EPROTO$/.test(code) || /SSL connection|TLS connection/i.test(reason);

/** Of PostgreSQL's own codes those that say that it cannot do now what it could before, by their beginnings. */
const LOST_STATES = [
  '08', // no connection
  '25006', // a primary became a standby
  '25P03', // idle for too long
  '28', // it lets nobody in
  '3D000', // being restored
  '40001', // another transaction was quicker
  '40P01',
  '53', // no room, no memory, no more connections
  '55000', // it takes no connections
  '55P03', // a lock that was not given in time
  '57', // shutting down, starting, or out of time
  '58', // a broken disk
];
const LOST_CODES = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** Some errors of the driver have no code. */
const LOST_MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after)/;

/** Whether an error says that the server cannot be used at this moment. */
export function isPostgresLost(error: unknown): boolean {
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  const code = codeOf(error);
  if (/^[0-9A-Z]{5}$/.test(code) && LOST_STATES.some((state) => code.startsWith(state))) return true;
  return LOST_CODES.has(code) || LOST_MESSAGES.test(reasonOf(error));
}

/** Whether an error says that the server's disk is full. */
export const isPostgresFull = (error: unknown): boolean => codeOf(error) === '53100';

/** The code of the driver's or the system's error, however deep it is wrapped; empty for other errors. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('driverError' in error) return codeOf(error.driverError);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

/** In words, in one line; some errors of the system have only a code. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text === '' ? codeOf(error) : text).replaceAll(/\s+/g, ' ');
}
