const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_DOMAIN_LENGTH = 253;

// Before the case is folded: some letters of other scripts become one of these.
const ASCII = /^[\x21-\x7e]*$/;

/** A domain in lower case; null for what is none. One label alone is none. */
export function domainOf(value: string): string | null {
  if (!ASCII.test(value)) return null;
  const domain = value.toLowerCase();
  const labels = domain.split('.');
  const isDomain =
    domain.length <= MAX_DOMAIN_LENGTH && labels.length > 1 && labels.every((label) => LABEL.test(label));
  return isDomain ? domain : null;
}

/** Of `user@scope`, in lower case; null where there is none, or more than one. */
export function scopeOf(value: string): string | null {
  const [local = '', scope, ...more] = value.split('@');
  return local === '' || scope === undefined || more.length > 0 ? null : domainOf(scope);
}

export const isWithin = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);

/**
 * Whether an identity provider may speak for a domain (shibmd:Scope, SEC-114).
 * @param scopes null where its metadata names none, as for a hub: it has checked by itself
 */
export const mayAssert = (domain: string | null, scopes: readonly string[] | null): boolean =>
  scopes === null || (domain !== null && scopes.some((scope) => scope.toLowerCase() === domain));
