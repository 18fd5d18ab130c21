import { SamlRefused } from '#domain/saml/saml-refused.js';
import { INVISIBLE } from '#domain/user/invisible.js';
import { PERSISTENT, type VerifiedAssertion } from '../verified-assertion.js';
import type { PlainName } from './attribute-map.js';
import { isWithin, mayAssert, scopeOf } from './scope.js';

/** Where a stable identifier can stand. A transient NameID is none, and neither are names and addresses (SEC-114). */
export const IDENTIFIER_SOURCES = ['eduPersonTargetedID', 'persistent-name-id', 'pairwise-id', 'subject-id'] as const;
export type IdentifierSource = (typeof IDENTIFIER_SOURCES)[number];

/** At WAYF the two are the same. */
const WAYF_IDENTIFIERS: readonly IdentifierSource[] = ['eduPersonTargetedID', 'persistent-name-id'];

const MAX_LENGTH = 1_024;

// The same, §3.3.1 and §3.4.1.
const SUBJECT_IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9=-]{0,126}@[A-Za-z0-9][A-Za-z0-9.-]{0,126}$/;

/** Whom an identity provider may speak for. */
interface Jurisdiction {
  /** Null where its metadata names none. */
  readonly scopes: readonly string[] | null;
  /** Whom the person belongs to; null for nobody. */
  readonly organizationId: string | null;
}

/** Of another organisation than the person's own it would be somebody else's. */
function isOfOrganization(value: string, organizationId: string | null): boolean {
  const scope = scopeOf(value);
  return scope !== null && (organizationId === null || isWithin(scope, organizationId));
}

/**
 * By the first source that has one, exactly as it is.
 * @throws SamlRefused `identifier-missing`, `identifier-ambiguous`
 */
export function subjectOf(
  { nameId }: VerifiedAssertion,
  values: (name: PlainName) => readonly string[],
  { scopes, organizationId }: Jurisdiction,
  sources: readonly IdentifierSource[] = WAYF_IDENTIFIERS,
): string {
  for (const source of sources) {
    const [identifier, ...more] = identifiersIn(source);
    if (more.length > 0) throw new SamlRefused('identifier-ambiguous');
    if (identifier !== undefined) return demandUsable(identifier);
  }
  throw new SamlRefused('identifier-missing');

  function identifiersIn(source: IdentifierSource): readonly string[] {
    switch (source) {
      case 'eduPersonTargetedID':
        return values(source);
      case 'persistent-name-id':
        return nameId.format === PERSISTENT ? [nameId.value] : [];
      case 'pairwise-id':
      case 'subject-id':
        // They compare without case (SAML V2.0 Subject Identifier Attributes §3.3.1), and have letters without doubt about it.
        return [
          ...new Set(
            values(source)
              .filter((value) => SUBJECT_IDENTIFIER.test(value))
              .map((value) => value.toLowerCase()),
          ),
        ].filter((value) => isOfOrganization(value, organizationId) && mayAssert(scopeOf(value), scopes));
    }
  }
}

/** What cannot be seen is no part of any that were ever handed out; two that look alike would be two people. */
function demandUsable(identifier: string): string {
  if (identifier.trim() === '' || identifier.length > MAX_LENGTH || INVISIBLE.test(identifier))
    throw new SamlRefused('identifier-missing');
  return identifier;
}
