import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionStringInvalid, parseConnectionString } from './connection-string.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const why = (text: string) => {
  try {
    parseConnectionString(text);
    return 'can be used';
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectionStringInvalid);
    return error instanceof Error ? error.message : '';
  }
};

describe('a connection string', () => {
  it('names a node, and who connects to it', () =>
    expect(parseConnectionString('esdb://admin:chang%40eit@db.example:2114')).toEqual({
      nodes: { endpoint: { address: 'db.example', port: 2114 } },
      tls: { rootCertificate: undefined },
      credentials: { username: 'admin', password: 'chang@eit' },
      options: {},
    }));

  it('names the nodes of a cluster, one by one or by their DNS name', () => {
    expect(parseConnectionString('esdb://a:b@one:1,two,three:3').nodes).toEqual({
      endpoints: [
        { address: 'one', port: 1 },
        { address: 'two', port: 2113 },
        { address: 'three', port: 3 },
      ],
    });
    expect(parseConnectionString('esdb+discover://a:b@cluster.example').nodes).toEqual({
      discover: { address: 'cluster.example', port: 2113 },
    });
  });

  it('names the certificate of who signed that of the server', () => {
    const file = join(folder, 'ca.pem');
    const address = `esdb://a:b@one?tlsCAFile=${encodeURIComponent(file)}`;
    writeFileSync(file, rootCertificates.slice(0, 1).join());
    expect(parseConnectionString(address).tls?.rootCertificate?.toString()).toBe(rootCertificates[0]);
    writeFileSync(file, 'root:x:0:0');
    expect(() => parseConnectionString(address)).toThrow('ca.pem of tlsCAFile is no certificate that can be read');
  });

  it('takes the options of the client, in any case', () =>
    expect(
      parseConnectionString('esdb://one?TLS=false&keepaliveinterval=20000&connectionName=authlog').options,
    ).toEqual({ keepAliveInterval: 20_000, connectionName: 'authlog' }));

  it.for([
    ['', 'it must look like'],
    ['kurrentdb://one', 'it must look like'],
    ['esdb://', 'it must look like'],
    ['esdb://one', 'it must have user:password@ before the host, or tls=false'],
    ['esdb://admin@one', 'before the @ it must have user:password'],
    ['esdb://admin:@one', 'before the @ it must have user:password'],
    ['esdb://a:b:c@one', 'must be written %3A'],
    ['esdb://a:100%@one', 'must be written %25'],
    ['esdb://a:b@one:0', '"one:0" is no host'],
    ['esdb://a:b@one:99999', '"one:99999" is no host'],
    ['esdb://a:b@one,', '"" is no host'],
    ['esdb+discover://a:b@one,two', 'takes one DNS name'],
    ['esdb://a:b@one?tls=yes', 'tls must be true or false'],
    ['esdb://a:b@one?tls=true&tls=false', 'the option tls twice'],
    ['esdb://a:b@one?tlsVerifyCert=false', 'the option tlsVerifyCert, which is none of'],
    [
      'esdb://a:b@one?tlsCAFile=/nowhere/ca.pem',
      'the file /nowhere/ca.pem of tlsCAFile is no certificate that can be read',
    ],
    ['esdb://one?tls=false&tlsCAFile=/x', 'means nothing with tls=false'],
    ['esdb://one?tls=false&gossipTimeout=soon', 'gossipTimeout must be a positive number'],
    ['esdb://one?tls=false&defaultDeadline=0', 'defaultDeadline must be a positive number'],
  ] as const)('cannot be %s', ([text, reason]) => expect(why(text)).toContain(reason));

  it('never shows a password in what is said of it', () => {
    for (const rest of ['one:0', 'one?x=1', ':y@one', 'one?tls=maybe', 'one?tls=false&tlsCAFile=1'])
      expect(why(`esdb://admin:hunter22@${rest}`)).not.toContain('hunter22');
  });

  it('is read or refused with a reason, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (text) => {
        expect(why(`esdb://${text}`)).not.toBe('');
      }),
      { seed: 9 },
    );
  });
});
