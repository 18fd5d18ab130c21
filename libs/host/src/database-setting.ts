import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'pg-connection-string';
import type { PostgresServer } from '#database/place.js';
import { isLoopback } from './setting-rules.js';

/** The text does not say how to reach a database; the message says what is wrong and repeats no secret. */
export class DatabaseAddressInvalid extends Error {
  override readonly name = 'DatabaseAddressInvalid';
}

const DEFAULT_PORT = 5_432;
const MAX_PORT = 65_535;
const TLS_MODES = ['disable', 'require', 'verify-full'] as const;
type TlsMode = (typeof TLS_MODES)[number];
const OPTIONS = ['sslmode', 'sslrootcert'];

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`. The options are ours: the library passes over
 * those that nobody knows, and takes `require` for another thing than PostgreSQL's own programs do.
 * @throws DatabaseAddressInvalid
 */
export function parseDatabaseAddress(text: string): PostgresServer {
  const [address = '', query = '', ...more] = text.trim().split('?');
  if (!/^postgres(?:ql)?:\/\//.test(address))
    throw invalid('it must look like postgres://user:password@host:5432/database');
  // Whatever stands after such a character may be a part of the password.
  if (
    more.length > 0 ||
    text.includes('#') ||
    query.includes('@') ||
    !/^[^/]+:\/\/[^/@]*@[^/@]+\/[^/@]*$/.test(address)
  )
    throw invalid('it must have user:password@ and /database, and a / ? # @ or % in them must be percent-encoded');
  const { user, password, host, port, database } = parsed(address);
  const isPort = /^[0-9]{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= MAX_PORT;
  if (!isPort) throw invalid('its port is none');
  if (user === '') throw invalid('it must have user:password@ before the host');
  if (host === '') throw invalid('it must name a host');
  if (database === '') throw invalid('it must name a database after the host');
  if ([user, password, host, database].some((part) => part.includes('\0'))) throw invalid('%00 is part of no name');
  return {
    host,
    port: Number(port),
    user,
    password: password === '' ? null : password,
    database,
    tls: tlsOf(optionsOf(query), host),
  };
}

const invalid = (why: string) => new DatabaseAddressInvalid(why);

function parsed(address: string) {
  try {
    const { user, password, host, port, database } = parse(address);
    return {
      user: user ?? '',
      password: password ?? '',
      host: host ?? '',
      port: port === '' || port === null || port === undefined ? String(DEFAULT_PORT) : port,
      database: database ?? '',
    };
  } catch {
    // Its own message may have all of the text.
    throw invalid('its host or port is none, or a % in it is not written %25');
  }
}

function optionsOf(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!OPTIONS.includes(name)) throw invalid(`it has the option ${name}, which is none of ${OPTIONS.join(', ')}`);
    if (options.has(name)) throw invalid(`it has the option ${name} twice`);
    options.set(name, value);
  }
  return options;
}

const isTlsMode = (text: string): text is TlsMode => TLS_MODES.some((mode) => mode === text);

function tlsOf(options: ReadonlyMap<string, string>, host: string): PostgresServer['tls'] {
  const mode = options.get('sslmode') ?? (isLoopback(host) ? 'disable' : 'verify-full');
  const file = options.get('sslrootcert');
  if (!isTlsMode(mode)) throw invalid(`sslmode must be one of ${TLS_MODES.join(', ')}`);
  if (mode !== 'verify-full') {
    if (file !== undefined) throw invalid('sslrootcert means something with sslmode=verify-full only');
    return mode === 'require' ? { rejectUnauthorized: false } : null;
  }
  return { rejectUnauthorized: true, ...(file !== undefined && { ca: certificateIn(file) }) };
}

function certificateIn(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    // Throws where there is none.
    void new X509Certificate(pem);
    return pem;
  } catch {
    throw invalid(`the file ${file} of sslrootcert is no certificate that can be read`);
  }
}
