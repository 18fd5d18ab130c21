import { describe, expect, it } from 'vitest';
import { IdentifierDigest } from './identifier-digest.js';

describe('the digest of an identifier', () => {
  const digest = new IdentifierDigest(Buffer.alloc(32, 7));

  it('is the same for spellings of the same identifier', () =>
    expect(digest.of('email', 'ADA@Example.org')).toBe(digest.of('email', 'ada@example.org')));

  it('is another one for each spelling of what an identity provider calls somebody', () => {
    const subjects = ['WAYF-DK-ada', 'wayf-dk-ada', 'WAYF-DK-\u00e5da', 'WAYF-DK-a\u030ada', 'WAYF-DK-ada '];
    expect(new Set(subjects.map((subject) => digest.exactly('idp', subject))).size).toBe(subjects.length);
    expect(digest.exactly('idp', 'ada')).not.toBe(digest.of('name', 'ada'));
  });

  it('differs between identifiers, between kinds, and between installations', () => {
    const all = [
      digest.of('name', 'ada'),
      digest.of('name', 'eve'),
      digest.of('email', 'ada'),
      digest.of('login', 'ada'),
      digest.of('address', 'ada'),
      digest.of('network', 'ada'),
      digest.of('device', 'ada'),
      digest.of('destination', 'ada'),
      new IdentifierDigest(Buffer.alloc(32, 8)).of('name', 'ada'),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((id) => /^[A-Za-z0-9_-]{43}$/.test(id))).toBe(true);
  });

  it('of several texts tells where one ends', () => {
    const all = [
      digest.exactly('name id', 'https://idp.example', 'ada'),
      digest.exactly('name id', 'https://idp.examplea', 'da'),
      digest.exactly('name id', 'https://idp.exampleada'),
      digest.exactly('session index', 'https://idp.example', 'ada'),
      digest.of('name', 'ada'),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(digest.exactly('name id', 'https://idp.example', 'ada')).toBe(all[0]);
  });
});
