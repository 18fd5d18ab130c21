import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refused } from './refused.js';
import { covers, demandCovered, isCovered, parseScope } from './scope.js';

const coversText = (granted: string, requested: string) => covers(parseScope(granted), parseScope(requested));

describe('a scope', () => {
  for (const text of ['files:read', 'auth.users.lookup:write', 'a-b_c+d:READ', 'files:read:path!L2hvbWU=,x!eA=='])
    it(`may be written ${text}`, () => expect(parseScope(text).segments[0]).toBeTruthy());

  it('has an older word for everything', () => expect(parseScope('api')).toEqual(parseScope('all:write')));

  for (const text of [
    '',
    'files',
    ':read',
    'files:',
    'files:delete',
    'a..b:read',
    'a b:read',
    'a:read:x',
    'a:read:k!v:z',
    `${'a'.repeat(1_000)}:read`,
  ])
    it(`is not ${JSON.stringify(text).slice(0, 30)}`, () => expect(() => parseScope(text)).toThrow(Refused));

  it('is read quickly, whatever the text (SEC-129)', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        try {
          parseScope(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
        }
      }),
      { seed: 2 },
    ));
});

describe('covering', () => {
  it('goes by whole leading segments', () => {
    expect(coversText('files:read', 'files.stat:read')).toBe(true);
    expect(coversText('files.stat:read', 'files:read')).toBe(false);
    expect(coversText('file:read', 'files:read')).toBe(false);
  });
  it('lets write include read, not the other way round', () => {
    expect(coversText('files:write', 'files:read')).toBe(true);
    expect(coversText('files:read', 'files:write')).toBe(false);
  });
  it('lets "all" cover everything but "special", which is granted by name', () => {
    expect(coversText('all:write', 'files.stat:read')).toBe(true);
    expect(coversText('all:write', 'special.root:read')).toBe(false);
    expect(coversText('special:write', 'special.root:read')).toBe(true);
  });
  it('is narrowed by metadata, which UCloud ignores (ucloud-users-api §22)', () => {
    expect(coversText('files:read:path!L2E=', 'files:read:path!L2E=')).toBe(true);
    expect(coversText('files:read:path!L2E=', 'files:read:path!L2I=')).toBe(false);
    expect(coversText('files:read:path!L2E=', 'files:read')).toBe(false);
    expect(coversText('files:read', 'files:read:path!L2E=')).toBe(true);
  });
  it('is asked for so many characters only as a token can carry (SEC-85)', () => {
    const scopes = (count: number) => Array.from({ length: count }, (_, n) => `${'x'.repeat(90)}${n}:read`);
    expect(() => demandCovered(scopes(20), ['all:write'])).not.toThrow();
    expect(() => demandCovered(scopes(21), ['all:write'])).toThrow(expect.objectContaining({ code: 'scope-invalid' }));
  });
  it('ignores granted texts that are no scopes', () => {
    expect(isCovered(parseScope('files:read'), ['nonsense', 'files:read'])).toBe(true);
    expect(isCovered(parseScope('files:read'), ['nonsense'])).toBe(false);
  });
});
