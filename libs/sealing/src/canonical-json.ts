/**
 * A JSON value in the one form that RFC 8785 gives it: members by the UTF-16 code units of their names, no white space, numbers
 * and strings as ECMAScript writes them. A lone surrogate, which RFC 8785 §3.2.2.2 leaves undefined, is escaped: whatever
 * stands in a log can be hashed.
 * @throws TypeError for what is no JSON value
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'boolean' || value === null || Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError(`Of the type ${typeof value} there is no JSON.`);
}

/** Printable ASCII without quotation mark and backslash: nearly all that is in a log. */
const UNESCAPED = /^[ !#-[\]-~]*$/;
const canonicalText = (text: string) => (UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text));

function canonicalObject(members: object): string {
  let text = '{';
  for (const name of Object.keys(members).sort())
    text += `${text.length === 1 ? '' : ','}${labelOf(name)}${canonicalJson(members[name as keyof typeof members])}`;
  return `${text}}`;
}

/** The same names come again and again; names that somebody invents are not kept. */
const KEPT_LABELS = 1_000;
const labels = new Map<string, string>();

function labelOf(name: string): string {
  const known = labels.get(name);
  if (known !== undefined) return known;
  const label = `${canonicalText(name)}:`;
  if (labels.size < KEPT_LABELS) labels.set(name, label);
  return label;
}
