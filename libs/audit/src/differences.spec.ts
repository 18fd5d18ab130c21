import { describe, expect, it } from 'vitest';
import { differences } from './differences.js';

describe('what differs between two states', () => {
  it('is named field by field, with both values', () => {
    const before = { status: 'active', claims: { email: 'a@b', username: 'ada' }, roles: ['x'] };
    const after = { status: 'active', claims: { email: 'c@d', username: 'ada' }, roles: ['x', 'y'] };
    expect(differences(before, after)).toEqual([
      { field: 'claims.email', from: 'a@b', to: 'c@d' },
      { field: 'roles.1', to: 'y' },
    ]);
    expect(differences(before, structuredClone(before))).toEqual([]);
  });

  it('leaves out what is not there on one side', () => {
    expect(differences({ status: 'none' }, { status: 'open', scopes: [] })).toEqual([
      { field: 'scopes', to: [] },
      { field: 'status', from: 'none', to: 'open' },
    ]);
    expect(differences({ a: null }, {})).toEqual([{ field: 'a', from: null }]);
  });

  it('takes the mark of something erased or withheld for one value', () => {
    const erased = { erased: true };
    expect(differences({ name: 'ada' }, { name: erased })).toEqual([{ field: 'name', from: 'ada', to: erased }]);
    const withheld = { withheld: true };
    expect(differences({ name: withheld }, { name: withheld })).toEqual([]);
  });
});
