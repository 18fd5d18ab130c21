import { describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { ADA, ADA_ID } from '../testing/hub-response.js';
import { accept, respond } from '../testing/verdict.js';
import type { VerifiedAssertion } from '../verified-assertion.js';
import { type AssertedPerson, assertedPerson } from './asserted-person.js';
import { WAYF_ATTRIBUTES } from './attribute-map.js';
import type { IdentifierSource } from './subject-identifier.js';

const TARGETED_ID = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
const genuine = accept(respond());

type Attributes = Readonly<Record<string, readonly string[]>>;
interface Given extends Partial<Omit<VerifiedAssertion, 'attributes'>> {
  readonly scopes?: readonly string[] | null;
  readonly identifiedBy?: readonly IdentifierSource[];
}

function person(attributes: Attributes, { scopes = null, identifiedBy, ...assertion }: Given = {}): AssertedPerson {
  const said = { ...genuine, ...assertion, attributes: new Map(Object.entries(attributes)) };
  return assertedPerson(said, { scopes }, WAYF_ATTRIBUTES, identifiedBy);
}

/** Of ADA, with other attributes on top. */
const ada = (attributes: Attributes = {}, given: Given = {}) => person({ ...ADA, ...attributes }, given);

const nameId = (format: string | null, value = ADA_ID) => ({
  nameId: { value, format, nameQualifier: null, spNameQualifier: null },
});

describe('a person, as the hub asserts them', () => {
  const all: AssertedPerson = {
    subject: ADA_ID,
    firstNames: 'Ada',
    lastName: 'Lovelace',
    mails: ['ada@example.org'],
    principalName: 'ada@sdu.dk',
    hasForeignPrincipalName: false,
    organizationId: 'sdu.dk',
    organizationName: 'Syddansk Universitet',
    primaryAffiliation: 'staff',
    affiliations: ['staff@sdu.dk', 'member@sdu.dk'],
    assurance: ['2'],
    isSelfRegistered: false,
    isNemLogIn: false,
  };
  const plain: Attributes = {
    eduPersonTargetedID: [ADA_ID],
    eduPersonPrincipalName: ['ada@sdu.dk'],
    schacHomeOrganization: ['sdu.dk'],
    organizationName: ['Syddansk Universitet'],
    gn: ['Ada'],
    sn: ['Lovelace'],
    mail: ['ada@example.org'],
    eduPersonPrimaryAffiliation: ['staff'],
    eduPersonScopedAffiliation: ['staff@sdu.dk', 'member@sdu.dk'],
    eduPersonAssurance: ['2'],
  };

  it.each([
    ['URN:OID', ADA],
    ['plain names', plain],
    ['both at once', { ...ADA, ...plain }],
  ])('is the same by %s', (_, attributes) => {
    expect(person(attributes)).toEqual(all);
  });

  it('may have no more than an identifier: what is absent is absent', () => {
    expect(person({ eduPersonTargetedID: [ADA_ID] })).toEqual({
      subject: ADA_ID,
      firstNames: null,
      lastName: null,
      mails: [],
      principalName: null,
      hasForeignPrincipalName: false,
      organizationId: null,
      organizationName: null,
      primaryAffiliation: null,
      affiliations: [],
      assurance: [],
      isSelfRegistered: false,
      isNemLogIn: false,
    });
  });

  it('leaves out what nobody asked for, national ids and birth dates above all', () => {
    const more = {
      schacPersonalUniqueID: ['urn:schac:personalUniqueID:DK:CPR:0101010000'],
      'urn:oid:1.3.6.1.4.1.25178.1.2.15': ['0101010000'],
      schacDateOfBirth: ['18151210'],
      constructor: ['x'],
      issuer: ['x'],
    };

    expect(ada(more)).toEqual(all);
  });

  it('is found under other names where the settings say so', () => {
    const map = { ...WAYF_ATTRIBUTES, sn: ['surname'] };
    const said = { ...genuine, attributes: new Map([...genuine.attributes, ['surname', ['Byron']]]) };

    expect(assertedPerson(said, { scopes: null }, map).lastName).toBe('Byron');
  });
});

describe('the identifier of a person', () => {
  const subject = (attributes: Attributes, given: Given = {}) => person(attributes, given).subject;

  it('is the eduPersonTargetedID, else the persistent NameID', () => {
    expect(subject({ [TARGETED_ID]: ['targeted'] }, nameId(PERSISTENT, 'persistent'))).toBe('targeted');
    expect(subject({}, nameId(PERSISTENT, 'persistent'))).toBe('persistent');
  });

  it('is exactly what was sent, in capitals and all', () => {
    expect(subject({ [TARGETED_ID]: ['WAYF-dk-ÆØÅ'] })).toBe('WAYF-dk-ÆØÅ');
  });

  it.each([
    ['a transient NameID', nameId(TRANSIENT)],
    ['a NameID of no format', nameId(null)],
    ['an address as NameID', nameId('urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', 'ada@sdu.dk')],
    ['one that cannot be seen', nameId(PERSISTENT, '\u200b')],
    ['one with something in it that cannot be seen', nameId(PERSISTENT, 'ada\u200b')],
    ['an endless one', nameId(PERSISTENT, 'a'.repeat(1_025))],
  ])('is none: %s (SEC-114)', (_, given) => {
    expect(() => subject({}, given)).toThrow(new SamlRefused('identifier-missing'));
  });

  it('is refused where there are two, in one name or across its forms', () => {
    const ambiguous = new SamlRefused('identifier-ambiguous');

    expect(() => subject({ [TARGETED_ID]: ['a', 'b'] })).toThrow(ambiguous);
    expect(() => subject({ [TARGETED_ID]: ['a'], eduPersonTargetedID: ['b'] })).toThrow(ambiguous);
    expect(() => subject({ [TARGETED_ID]: ['a'], eduPersonTargetedID: ['A'] })).toThrow(ambiguous);
    expect(subject({ [TARGETED_ID]: ['a', 'a'], eduPersonTargetedID: ['a'] })).toBe('a');
  });

  it('is a pairwise or a subject id where the settings say so, without regard to case, and in scope (SEC-114)', () => {
    const identifiedBy: IdentifierSource[] = ['pairwise-id', 'subject-id'];
    const pairwise = { 'urn:oasis:names:tc:SAML:attribute:pairwise-id': ['HA2TKNZZ@sdu.dk'] };

    expect(subject({ ...ADA, ...pairwise }, { identifiedBy })).toBe('ha2tknzz@sdu.dk');
    expect(subject({ ...pairwise, 'subject-id': ['ada@sdu.dk'] }, { identifiedBy: ['subject-id'] })).toBe('ada@sdu.dk');
    expect(() => subject(ADA, { identifiedBy })).toThrow(new SamlRefused('identifier-missing'));
  });

  it.each(['\u212aING@sdu.dk', 'king@sdu.d\u212a', 'king', 'king@ku.dk', 'k ing@sdu.dk', 'king@@sdu.dk', '@sdu.dk'])(
    'is none that could be taken for that of somebody else: %s (SEC-114)',
    (name) => {
      const said = { 'pairwise-id': [name], schacHomeOrganization: ['sdu.dk'] };
      expect(() => subject(said, { identifiedBy: ['pairwise-id'] })).toThrow(new SamlRefused('identifier-missing'));
    },
  );
});

describe('the names of a person', () => {
  const lastName = (...sn: string[]) => ada({ 'urn:oid:2.5.4.4': sn }).lastName;

  it.each(['Ærøskøbing', '李', 'O’Neill', 'Пушкин', '<b>"Robert\'); DROP', 'Zażółć 👍'])(
    'are kept as they are written: %s',
    (name) => {
      expect(lastName(name)).toBe(name);
    },
  );

  it('are the first of each that shows anything', () => {
    expect(lastName('Lovelace', 'Byron')).toBe('Lovelace');
    expect(lastName('\u200b\u202e', 'Byron')).toBe('Byron');
    expect(lastName('\u200b')).toBeNull();
  });

  it('are in one line, without what cannot be seen', () => {
    expect(lastName('  van\tder Berg \u202e\r\nof another line')).toBe('van der Berg');
    expect(lastName('Love\u200blace')).toBe('Lovelace');
  });

  it('are cut at 250 characters, none of which is broken', () => {
    expect(lastName('👍'.repeat(300))).toBe('👍'.repeat(250));
    expect(lastName('x'.repeat(250))).toBe('x'.repeat(250));
  });
});

describe('the addresses of a person', () => {
  const mails = (...mail: string[]) => ada({ 'urn:oid:0.9.2342.19200300.100.1.3': mail }).mails;

  it('are kept all, in their order, each once', () => {
    expect(mails('b@sdu.dk', 'a@sdu.dk', 'b@sdu.dk')).toEqual(['b@sdu.dk', 'a@sdu.dk']);
  });

  it('are those that are addresses', () => {
    expect(mails('ada', 'ada@sdu.dk\nBcc: x@y.dk', '"ada" <ada@sdu.dk>', 'ada@sdu.dk')).toEqual(['ada@sdu.dk']);
    expect(mails('none')).toEqual([]);
  });
});

describe('the organisation of a person', () => {
  const HOME = 'urn:oid:1.3.6.1.4.1.25178.1.2.9';
  const home = (...values: string[]) => ada({ [HOME]: values }).organizationId;

  it('is a domain in lower case', () => {
    expect(home('SDU.dk')).toBe('sdu.dk');
    expect(home('sdu.dk', 'SDU.DK')).toBe('sdu.dk');
    expect(home()).toBeNull();
  });

  it.each(['Syddansk Universitet', 'sdu', 'sdu.dk.', 'sdu.d\u212a'])('is refused where it is none: %s', (name) => {
    expect(() => home(name)).toThrow(new SamlRefused('organisation-wrong'));
  });

  it('is refused where there are two', () => {
    const ambiguous = new SamlRefused('organisation-ambiguous');

    expect(() => home('sdu.dk', 'ku.dk')).toThrow(ambiguous);
    expect(() => ada({ schacHomeOrganization: ['ku.dk'] })).toThrow(ambiguous);
  });

  it('is one that the identity provider may speak for (SEC-114)', () => {
    expect(ada({}, { scopes: ['SDU.dk'] }).organizationId).toBe('sdu.dk');
    for (const scopes of [['ku.dk'], []])
      expect(() => ada({}, { scopes })).toThrow(new SamlRefused('organisation-wrong'));
  });
});

describe('the principal name of a person', () => {
  const principal = (name: string, given: Given = {}) => {
    const { principalName, hasForeignPrincipalName } = ada({ 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6': [name] }, given);
    return hasForeignPrincipalName ? 'foreign' : principalName;
  };

  it('is of the organisation, or of a part of it', () => {
    expect(principal('ada@sdu.dk')).toBe('ada@sdu.dk');
    expect(principal('Ada@imada.SDU.dk')).toBe('Ada@imada.SDU.dk');
  });

  it.each([
    'ada@ku.dk',
    'ada@notsdu.dk',
    'ada@sdu.dk.evil.test',
    'ada',
    'ada@',
    '@sdu.dk',
    'eve@ku.dk@sdu.dk',
    `${'a'.repeat(300)}@sdu.dk`,
  ])('is not kept otherwise: %s', (name) => {
    expect(principal(name)).toBe('foreign');
  });

  it('is not kept where there is no organisation to compare it with', () => {
    expect(person({ eduPersonTargetedID: ['a'], eduPersonPrincipalName: ['ada@sdu.dk'] }).principalName).toBeNull();
  });
});

describe('the affiliations of a person', () => {
  it('are those without a scope, and those in a scope that the identity provider may speak for (SEC-114)', () => {
    const affiliations = {
      eduPersonAffiliation: ['staff', 'member'],
      'urn:oid:1.3.6.1.4.1.5923.1.1.1.9': ['staff@sdu.dk', 'staff@ku.dk', 'staff', 'staff@'],
    };

    expect(ada(affiliations, { scopes: ['sdu.dk'] }).affiliations).toEqual(['staff', 'member', 'staff@sdu.dk']);
    expect(ada(affiliations).affiliations).toEqual(['staff', 'member', 'staff@sdu.dk', 'staff@ku.dk']);
  });
});

describe('how a person came to the hub', () => {
  const by = (...authenticatingAuthorities: string[]) => ada({}, { authenticatingAuthorities });

  it('tells who made the account by themselves, at Orphanage', () => {
    expect(by('https://orphanage.wayf.dk')).toMatchObject({ isSelfRegistered: true, isNemLogIn: false });
    expect(by('https://proxy.test', 'https://orphanage.wayf.dk').isSelfRegistered).toBe(true);
    expect(by('https://birk.wayf.dk/birk.php/orphanage.wayf.dk').isSelfRegistered).toBe(true);
    expect(by('https://idp.sdu.dk').isSelfRegistered).toBe(false);
    const account = { 'urn:oid:1.3.6.1.4.1.25178.1.2.9': ['orphanage.wayf.dk'] };
    expect(person({ eduPersonTargetedID: ['a'], ...account }).isSelfRegistered).toBe(true);
  });

  it('tells who is a citizen, by NemLog-in or by the name that it gives', () => {
    expect(by('https://nemlogin.wayf.dk')).toMatchObject({ isSelfRegistered: false, isNemLogIn: true });
    expect(ada({ eduPersonPrincipalName: ['uuid@sikker-adgang.dk'] }).isNemLogIn).toBe(true);
  });
});
