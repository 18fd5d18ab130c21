import { Refused } from './refused.js';

export type ScopeRefusal = 'scope-invalid' | 'scope-not-covered';

/** A permission such as `files.upload:write` (ucloud-users-api §11). */
export interface Scope {
  readonly segments: readonly string[];
  readonly access: 'read' | 'write';
  /** The part after the second colon as it was sent; kept, and part of what has to be covered. */
  readonly metadata: string;
}

export const ALL_WRITE = 'all:write';

const MAX_SCOPE_LENGTH = 1_000;
/** Of all scopes of a token together: a token stays well under the 8 KiB that servers take as a header. */
const MAX_SCOPES_LENGTH = 2_000;
const SEGMENT = /^[A-Za-z0-9_+-]+$/;
const ACCESS = /^(?:read|write)$/i;
const METADATA = /^[A-Za-z0-9_+-]+![A-Za-z0-9+/_=-]*(?:,[A-Za-z0-9_+-]+![A-Za-z0-9+/_=-]*)*$/;

const invalid = (text: string) =>
  new Refused(
    'scope-invalid',
    `${JSON.stringify(text.slice(0, 60))} is not a scope. A scope is segments joined by dots, a colon and read or ` +
      `write, for example files.upload:write.`,
  );

/** @throws Refused `scope-invalid` */
export function parseScope(text: string): Scope {
  // Says "everything" in older clients' words.
  if (text === 'api') return { segments: ['all'], access: 'write', metadata: '' };
  if (text.length > MAX_SCOPE_LENGTH) throw invalid(text);
  const [path = '', access = '', metadata = '', ...rest] = text.split(':');
  const segments = path.split('.');
  const wellFormed =
    rest.length === 0 &&
    segments.every((segment) => SEGMENT.test(segment)) &&
    ACCESS.test(access) &&
    (metadata === '' || METADATA.test(metadata));
  if (!wellFormed) throw invalid(text);
  return { segments, access: access.toLowerCase() === 'write' ? 'write' : 'read', metadata };
}

/**
 * Whether holding `granted` allows `requested`: its segments are a prefix, `write` includes `read`, and metadata that
 * narrows the grant narrows what it covers. `all` covers everything but `special`, which is granted by name only.
 */
export function covers(granted: Scope, requested: Scope): boolean {
  if (requested.access === 'write' && granted.access === 'read') return false;
  if (granted.metadata !== '' && granted.metadata !== requested.metadata) return false;
  if (granted.segments[0] === 'all') return requested.segments[0] !== 'special';
  return granted.segments.every((segment, index) => segment === requested.segments[index]);
}

/** Whether one of the granted scopes covers the requested one. Texts that are no scopes cover nothing. */
export function isCovered(requested: Scope, granted: readonly string[]): boolean {
  return granted.some((text) => {
    try {
      return covers(parseScope(text), requested);
    } catch {
      return false;
    }
  });
}

/** @throws Refused `scope-invalid`, or `scope-not-covered` for the first requested scope that none of the granted covers. */
export function demandCovered(requested: readonly string[], granted: readonly string[]): void {
  if (requested.join(',').length > MAX_SCOPES_LENGTH)
    throw new Refused('scope-invalid', `The scopes have more than ${MAX_SCOPES_LENGTH} characters in all.`);
  for (const text of requested)
    if (!isCovered(parseScope(text), granted))
      throw new Refused('scope-not-covered', `The scope ${text} is not covered by the token that was presented.`);
}

/** Scopes that give power over authlog or the whole system; never handed out by an extension (ucloud-users-api §4.9). */
export const isUnextendable = (scope: Scope) => scope.segments[0] === 'all' || scope.segments[0] === 'special';
