import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { erased } from '../personal.js';
import { type AssertedProfile, NOTHING_ASSERTED, cleaned, firstMail, isKnown } from './asserted-profile.js';

const said = (more: Partial<AssertedProfile>) => cleaned({ ...NOTHING_ASSERTED, ...more });

describe('what an identity provider says of somebody', () => {
  it('is kept as text, whatever it looks like', () =>
    expect(said({ firstNames: '<script>"Åse"</script>', lastName: 'Ødegård & 李' })).toMatchObject({
      firstNames: '<script>"Åse"</script>',
      lastName: 'Ødegård & 李',
    }));

  it('is absent where nothing is said, never an empty text', () => {
    const blank = {
      firstNames: '',
      lastName: ' \n ',
      principalName: '\u200b',
      organizationId: ' ',
      organizationName: '',
    };
    expect(said({ ...blank, primaryAffiliation: '', mails: ['', ' '], affiliations: [' '], assurance: [''] })).toEqual(
      NOTHING_ASSERTED,
    );
  });

  it('is the first line of each text, as far as it can be seen, of bounded length (ucloud-users-api §9.5)', () => {
    expect(said({ firstNames: '\n Ada  Augusta\u202e \r\nAdministrator' }).firstNames).toBe('Ada Augusta');
    expect(said({ lastName: '🔑'.repeat(300) }).lastName).toBe('🔑'.repeat(250));
  });

  it('has the domain of the institution in lower case', () =>
    expect(said({ organizationId: 'SDU.dk' }).organizationId).toBe('sdu.dk'));

  it('has only addresses that are some, each once, the first one first', () =>
    expect(
      said({
        mails: [
          'z@example.org',
          'Ada <a@example.org>',
          'a@example.org\r\nBcc: b',
          ' A@example.org ',
          'Z@example.org',
          'z@example.org',
        ],
      }).mails,
    ).toEqual(['z@example.org', 'A@example.org']));

  it('has affiliations and assurance without an order, each once', () =>
    expect(said({ affiliations: ['staff', 'member', 'staff'], assurance: ['2', '1'] })).toMatchObject({
      affiliations: ['member', 'staff'],
      assurance: ['1', '2'],
    }));

  it('has no lists without end', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `a${n}@example.org`);
    const { mails, affiliations } = said({ mails: many, affiliations: many });
    expect([mails.length, affiliations.length]).toEqual([20, 20]);
  });

  it('is the same when it is cleaned again', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    const list = fc.array(fc.oneof(text, fc.emailAddress()), { maxLength: 30 });
    const profile = fc.record({
      firstNames: fc.option(text),
      lastName: fc.option(text),
      mails: list,
      principalName: fc.option(text),
      organizationId: fc.option(text),
      organizationName: fc.option(text),
      primaryAffiliation: fc.option(text),
      affiliations: list,
      assurance: list,
    });
    fc.assert(
      fc.property(profile, (sent) => {
        const once = cleaned(sent);
        expect(cleaned(once)).toEqual(once);
        expect(isKnown(once, once)).toBe(true);
      }),
      { seed: 3 },
    );
  });
});

describe('what is said at another login', () => {
  const profile = said({ firstNames: 'Ada', mails: ['a@example.org', 'b@example.org'], affiliations: ['staff'] });

  it('is known if it is the same, in whatever order', () => {
    expect(isKnown(profile, { ...profile, mails: ['b@example.org', 'a@example.org'] })).toBe(true);
    expect(isKnown(profile, said({ ...profile, affiliations: ['staff', 'staff'] }))).toBe(true);
  });

  it('is new if anything is added, changed or gone', () => {
    for (const other of [
      { firstNames: 'Augusta' },
      { firstNames: null },
      { mails: ['a@example.org'] },
      { mails: [] },
      { mails: ['a@example.org', 'c@example.org'] },
      { affiliations: ['student'] },
      { organizationId: 'example.org' },
      { assurance: ['2'] },
    ])
      expect([other, isKnown(profile, { ...profile, ...other })]).toEqual([other, false]);
  });

  it('is new where it cannot be read any more what was known', () =>
    expect([
      isKnown({ ...profile, mails: erased }, profile),
      isKnown({ ...profile, firstNames: erased }, profile),
    ]).toEqual([false, false]));
});

describe('the address to write to', () => {
  it('is the first one', () => {
    expect(firstMail({ mails: ['a@example.org', 'b@example.org'] })).toBe('a@example.org');
    expect(firstMail({ mails: [] })).toBeNull();
    expect(firstMail({ mails: erased })).toBe(erased);
  });
});
