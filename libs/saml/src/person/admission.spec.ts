import { describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { accept, respond } from '../testing/verdict.js';
import { type AdmissionPolicy, demandAdmitted } from './admission.js';
import { type AssertedPerson, assertedPerson } from './asserted-person.js';
import { WAYF_ATTRIBUTES } from './attribute-map.js';

const ada = assertedPerson(accept(respond()), { scopes: null }, WAYF_ATTRIBUTES);
const anybody: AdmissionPolicy = {
  allowedInstitutions: null,
  refusedInstitutions: [],
  selfRegistered: 'admit',
  nemLogIn: 'admit',
};

function verdict(policy: Partial<AdmissionPolicy>, person: Partial<AssertedPerson> = {}): string {
  try {
    demandAdmitted({ ...ada, ...person }, { ...anybody, ...policy });
    return 'admitted';
  } catch (error) {
    if (error instanceof SamlRefused) return error.fault;
    throw error;
  }
}

describe('who is admitted', () => {
  it('is anybody of whom nothing else is said', () => {
    expect(verdict({})).toBe('admitted');
    expect(verdict({}, { organizationId: null })).toBe('admitted');
  });

  it('is of an institution on the list, and of no part of it', () => {
    const policy = { allowedInstitutions: ['sdu.dk', 'ku.dk'] };

    expect(verdict(policy)).toBe('admitted');
    expect(verdict(policy, { organizationId: 'au.dk' })).toBe('institution-not-admitted');
    expect(verdict(policy, { organizationId: 'evil.sdu.dk' })).toBe('institution-not-admitted');
    expect(verdict(policy, { organizationId: null })).toBe('institution-not-admitted');
    expect(verdict({ allowedInstitutions: [] })).toBe('institution-not-admitted');
  });

  it('is not of an institution that is refused, were it also allowed', () => {
    const policy = { allowedInstitutions: ['sdu.dk'], refusedInstitutions: ['sdu.dk'] };

    expect(verdict(policy)).toBe('institution-not-admitted');
    expect(verdict({ refusedInstitutions: ['ku.dk'] })).toBe('admitted');
    expect(verdict({ refusedInstitutions: ['ku.dk'] }, { organizationId: null })).toBe('admitted');
  });

  it('has not made the account by themselves, where that is refused', () => {
    expect(verdict({ selfRegistered: 'refuse' }, { isSelfRegistered: true })).toBe('self-registered-not-admitted');
    expect(verdict({ selfRegistered: 'admit' }, { isSelfRegistered: true })).toBe('admitted');
    expect(verdict({ selfRegistered: 'refuse' })).toBe('admitted');
  });

  it('is no citizen alone, where that is refused', () => {
    expect(verdict({ nemLogIn: 'refuse' }, { isNemLogIn: true })).toBe('nemlogin-not-admitted');
    expect(verdict({ nemLogIn: 'admit' }, { isNemLogIn: true })).toBe('admitted');
    expect(verdict({ nemLogIn: 'refuse' })).toBe('admitted');
  });
});
