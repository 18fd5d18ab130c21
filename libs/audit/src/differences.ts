/** A field that has another value in the second of two states; what is not there is left out. */
export interface FieldChange {
  /** Names joined by dots, numbers for places in lists. */
  readonly field: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** What differs between two JSON values, field by field, in the order of their names. */
export function differences(before: unknown, after: unknown): FieldChange[] {
  const [from, to] = [leaves(before), leaves(after)];
  return [...new Set([...from.keys(), ...to.keys()])].toSorted().flatMap((field) => {
    const [old, fresh] = [from.get(field), to.get(field)];
    if (JSON.stringify(old) === JSON.stringify(fresh)) return [];
    return [{ field, ...(from.has(field) ? { from: old } : {}), ...(to.has(field) ? { to: fresh } : {}) }];
  });
}

/** What stands at the ends of the fields of a value, by their names; marks of what is erased or withheld are such ends. */
function leaves(value: unknown, name = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || isMark(value)) return new Map([[name, value]]);
  const parts = Object.entries(value);
  if (parts.length === 0 && name !== '') return new Map([[name, value]]);
  return new Map(parts.flatMap(([part, inner]) => Array.from(leaves(inner, name === '' ? part : `${name}.${part}`))));
}

const isMark = (value: object) => 'erased' in value || 'withheld' in value;
