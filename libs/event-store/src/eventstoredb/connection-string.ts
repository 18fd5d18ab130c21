import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** One node, several that are asked who leads, or a DNS name behind which they are. */
export type Nodes =
  { readonly endpoint: Endpoint } | { readonly endpoints: Endpoint[] } | { readonly discover: Endpoint };

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** How to reach an EventStoreDB or KurrentDB, and as whom. */
export interface Connection {
  readonly nodes: Nodes;
  /** Null: the connection is not encrypted. */
  readonly tls: { readonly rootCertificate: Buffer | undefined } | null;
  readonly credentials: { readonly username: string; readonly password: string };
  /** Passed to the client as they are. */
  readonly options: Readonly<Partial<Record<NumericOption, number>>> & { readonly connectionName?: string };
}

/** The text is no connection string that can be used; the message says what is wrong and repeats no secret. */
export class ConnectionStringInvalid extends Error {
  override readonly name = 'ConnectionStringInvalid';
}

const DEFAULT_PORT = 2_113;
const NUMERIC_OPTIONS = [
  'defaultDeadline',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxDiscoverAttempts',
  'discoveryInterval',
  'gossipTimeout',
] as const;
type NumericOption = (typeof NUMERIC_OPTIONS)[number];
const KNOWN_OPTIONS = new Set<string>([...NUMERIC_OPTIONS, 'tls', 'tlsCAFile', 'connectionName']);

/** Without TLS the server asks for none, and the client sends none; what matters is that there are some. */
const ANONYMOUS = { username: 'anonymous', password: 'anonymous' };

/**
 * Reads `esdb://user:password@host:port,…?option=value&…` and `esdb+discover://…`. The client could do so itself, but
 * passes over options it does not know and prints the whole string, password included, when it warns of them.
 * @throws ConnectionStringInvalid
 */
export function parseConnectionString(text: string): Connection {
  const parts = /^(esdb|esdb\+discover):\/\/(?:([^@/?]*)@)?([^@/?]+)\/?(?:\?([^?]*))?$/.exec(text.trim());
  if (parts === null) throw invalid('it must look like esdb://user:password@host:2113?tls=true');
  const [, scheme, user, hosts = '', query = ''] = parts;
  const options = optionsOf(query);
  const tls = tlsOf(options);
  return {
    nodes: nodesOf(scheme === 'esdb+discover', hosts.split(',').map(endpointOf)),
    tls,
    credentials: credentialsOf(user, tls !== null),
    options: passedOn(options),
  };
}

const invalid = (why: string) => new ConnectionStringInvalid(why);

function optionsOf(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const known = [...KNOWN_OPTIONS].find((option) => option.toLowerCase() === name.toLowerCase());
    if (known === undefined)
      throw invalid(`it has the option ${name}, which is none of ${[...KNOWN_OPTIONS].join(', ')}`);
    if (options.has(known)) throw invalid(`it has the option ${known} twice`);
    options.set(known, value);
  }
  return options;
}

function nodesOf(discover: boolean, endpoints: Endpoint[]): Nodes {
  const [first] = endpoints;
  if (first === undefined) throw invalid('it names no host');
  if (!discover) return endpoints.length === 1 ? { endpoint: first } : { endpoints };
  if (endpoints.length > 1) throw invalid('esdb+discover takes one DNS name, behind which all nodes are');
  return { discover: first };
}

function endpointOf(host: string): Endpoint {
  const parts = /^([a-z0-9._-]+)(?::([0-9]{1,5}))?$/i.exec(host.trim());
  const port = Number(parts?.[2] ?? DEFAULT_PORT);
  if (parts?.[1] === undefined || port < 1 || port > 65_535)
    throw invalid(`${JSON.stringify(host)} is no host, or no host:port`);
  return { address: parts[1], port };
}

function tlsOf(options: ReadonlyMap<string, string>): Connection['tls'] {
  const tls = options.get('tls') ?? 'true';
  const file = options.get('tlsCAFile');
  if (tls !== 'true' && tls !== 'false') throw invalid('tls must be true or false');
  if (tls === 'false') {
    if (file !== undefined) throw invalid('tlsCAFile means nothing with tls=false');
    return null;
  }
  return { rootCertificate: file === undefined ? undefined : certificateIn(file) };
}

function certificateIn(file: string): Buffer {
  try {
    const pem = readFileSync(file);
    // Throws where there is none.
    void new X509Certificate(pem);
    return pem;
  } catch {
    throw invalid(`the file ${file} of tlsCAFile is no certificate that can be read`);
  }
}

function credentialsOf(user: string | undefined, needed: boolean): Connection['credentials'] {
  const [username, password, ...rest] = (user ?? '').split(':').map(decoded);
  if (rest.length > 0) throw invalid('a colon in the user or password must be written %3A');
  if (username !== undefined && username !== '' && password !== undefined && password !== '')
    return { username, password };
  if (user !== undefined) throw invalid('before the @ it must have user:password');
  if (needed) throw invalid('it must have user:password@ before the host, or tls=false for a server without security');
  return ANONYMOUS;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a percent sign in the user or password must be written %25');
  }
}

function passedOn(options: ReadonlyMap<string, string>): Connection['options'] {
  const numbers = NUMERIC_OPTIONS.flatMap((name) => {
    const value = options.get(name);
    if (value === undefined) return [];
    if (!/^[0-9]{1,9}$/.test(value) || Number(value) === 0) throw invalid(`${name} must be a positive number`);
    return [[name, Number(value)]];
  });
  const connectionName = options.get('connectionName');
  return { ...Object.fromEntries(numbers), ...(connectionName === undefined ? {} : { connectionName }) };
}
