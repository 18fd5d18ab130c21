import { Refused } from '../refused.js';
import { INVISIBLE } from './invisible.js';
import { mixesScripts } from './mixed-scripts.js';

const MAX_LENGTH = 250;
export const FORBIDDEN_IN_PERSON_NAMES = String.raw`\?/!@$%^&*)([]}{':;`;

/**
 * The form in which two spellings of a user name or an e-mail address are the same: compatibility forms folded (NFKC),
 * case ignored.
 */
export const normaliseIdentifier = (text: string) => text.normalize('NFKC').toLowerCase().normalize('NFKC');

/** @throws Refused `username-invalid` (ucloud-users-api §5.9 and §13.3) */
export function demandUsername(name: string, kind: 'password' | 'service'): void {
  const refuse = (why: string) => new Refused('username-invalid', why);
  if (name === '') throw refuse('The user name is empty.');
  if (Array.from(name).length > MAX_LENGTH) throw refuse(`The user name is longer than ${MAX_LENGTH} characters.`);
  if (name !== name.trim()) throw refuse('The user name begins or ends with a space.');
  if (INVISIBLE.test(name)) throw refuse('The user name contains a line break or another invisible character.');
  // In the form that names are compared in: a wide sign is the sign.
  const folded = name.normalize('NFKC');
  if (mixesScripts(folded)) throw refuse('The user name mixes letters of scripts that are not written together.');
  if (kind === 'service') {
    if (!/^_[^_]/.test(name)) throw refuse('The name of a service begins with exactly one underscore.');
    return;
  }
  if (folded.startsWith('_')) throw refuse('Only the names of services begin with an underscore.');
  if (/^#p_/i.test(folded)) throw refuse('Only the names of providers begin with #P_.');
  const forbidden = Array.from(folded).find((character) => FORBIDDEN_IN_PERSON_NAMES.includes(character));
  if (forbidden !== undefined) throw refuse(`The user name contains ${forbidden}, which is not allowed.`);
}

/** @throws Refused for text that is not one line of visible characters */
export function demandPlainText(
  field: string,
  text: string,
  { maxLength = MAX_LENGTH, code = 'name-invalid' }: PlainTextRule = {},
): void {
  if (Array.from(text).length > maxLength) throw new Refused(code, `${field} is longer than ${maxLength} characters.`);
  if (INVISIBLE.test(text)) throw new Refused(code, `${field} contains a line break or another invisible character.`);
}

interface PlainTextRule {
  /** In code points. */
  readonly maxLength?: number;
  readonly code?: 'name-invalid' | 'reason-invalid';
}
