import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseAddressInvalid, parseDatabaseAddress } from './database-setting.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const why = (text: string) => {
  try {
    parseDatabaseAddress(text);
    return 'can be used';
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseAddressInvalid);
    return error instanceof Error ? error.message : '';
  }
};
const tlsOf = (rest: string) => parseDatabaseAddress(`postgres://a:b@${rest}`).tls;

describe('the address of a database', () => {
  it('names a server, who connects to it, and the database there', () => {
    expect(parseDatabaseAddress('postgresql://auth%20log:s%40cret%2F%25@db.example:6432/auth')).toEqual({
      host: 'db.example',
      port: 6432,
      user: 'auth log',
      password: 's@cret/%',
      database: 'auth',
      tls: { rejectUnauthorized: true },
    });
    expect(parseDatabaseAddress('postgres://authlog@[::1]/auth')).toEqual({
      host: '::1',
      port: 5432,
      user: 'authlog',
      password: null,
      database: 'auth',
      tls: null,
    });
  });

  it('is that of a server which shows who it is, unless it is on this machine or something else is said (SEC-149)', () => {
    expect([tlsOf('db.example/x'), tlsOf('localhost/x')]).toEqual([{ rejectUnauthorized: true }, null]);
    expect(tlsOf('127.0.0.1/x?sslmode=verify-full')).toEqual({ rejectUnauthorized: true });
    expect(tlsOf('db.example/x?sslmode=require')).toEqual({ rejectUnauthorized: false });
    expect(tlsOf('db.example/x?sslmode=disable')).toBeNull();
    const file = join(folder, 'root.pem');
    const withFile = `db.example/x?sslrootcert=${encodeURIComponent(file)}`;
    writeFileSync(file, rootCertificates.slice(0, 1).join());
    expect(tlsOf(withFile)).toEqual({ rejectUnauthorized: true, ca: rootCertificates[0] });
    writeFileSync(file, 'root:x:0:0');
    expect(why(`postgres://a:b@${withFile}`)).toContain('root.pem of sslrootcert is no certificate that can be read');
  });

  it.for([
    ['', 'it must look like'],
    ['mysql://a:b@one/x', 'it must look like'],
    ['postgres://', 'must be percent-encoded'],
    ['postgres://one/x', 'must be percent-encoded'],
    ['postgres://:b@one/x', 'it must have user:password@ before the host'],
    ['postgres://a:b@one', 'it must have user:password@ and /database'],
    ['postgres://a:b@one/', 'it must name a database'],
    ['postgres://a:b@one:0/x', 'its port is none'],
    ['postgres://a:b@one:99999/x', 'its host or port is none'],
    ['postgres://a:b@%00/x', '%00 is part of no name'],
    ['postgres://a:b@one/x%00', '%00 is part of no name'],
    ['postgres://a:b@one/x/y', 'must be percent-encoded'],
    ['postgres://a:b@one/x?sslmode=prefer', 'sslmode must be one of disable, require, verify-full'],
    ['postgres://a:b@one/x?sslmode=require&sslmode=disable', 'the option sslmode twice'],
    ['postgres://a:b@one/x?host=two', 'the option host, which is none of sslmode, sslrootcert'],
    ['postgres://a:b@one/x?uselibpqcompat=true', 'the option uselibpqcompat, which is none of'],
    [
      'postgres://a:b@one/x?sslrootcert=/nowhere/ca.pem',
      'the file /nowhere/ca.pem of sslrootcert is no certificate that can be read',
    ],
    ['postgres://a:b@one/x?sslmode=require&sslrootcert=/x', 'means something with sslmode=verify-full only'],
  ] as const)('cannot be %s', ([text, reason]) => expect(why(text)).toContain(reason));

  it('never shows a password in what is said of it, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('/', '?', '#', '@', ':', '%', '[', ' ', '?sslmode=', '/x?'),
        fc.constantFrom('one/x', 'one:0/x', 'one', 'one/x?z=1', 'one/x?sslmode=z'),
        (sign, rest) => {
          expect(why(`postgres://authlog:hun${sign}ter22@${rest}`)).not.toMatch(/hun|ter22/);
        },
      ),
      { seed: 3 },
    );
  });

  it('is read or refused with a reason, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (text) => {
        expect(why(`postgres://${text}`)).not.toBe('');
      }),
      { seed: 9 },
    );
  });
});
