import { describe, expect, it } from 'vitest';
import { IdentifierDigest } from './identifier-digest.js';

describe('the digest of an identifier', () => {
  const digest = new IdentifierDigest(Buffer.alloc(32, 7));

  it('is the same for spellings of the same identifier', () =>
    expect(digest.of('email', 'ADA@Example.org')).toBe(digest.of('email', 'ada@example.org')));

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

  it('of what is compared exactly tells capitals apart, and where one part ends', () => {
    const all = [
      digest.ofExactly('name id', 'https://idp.example', 'ada'),
      digest.ofExactly('name id', 'https://idp.example', 'Ada'),
      digest.ofExactly('name id', 'https://idp.example', 'ada '),
      digest.ofExactly('name id', 'https://idp.example","ada'),
      digest.ofExactly('session index', 'https://idp.example', 'ada'),
      digest.of('name', 'ada'),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(digest.ofExactly('name id', 'https://idp.example', 'ada')).toBe(all[0]);
  });
});
