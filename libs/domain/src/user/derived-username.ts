import { INVISIBLE } from './invisible.js';
import { mixesScripts } from './mixed-scripts.js';
import { FORBIDDEN_IN_PERSON_NAMES } from './username.js';

interface Names {
  readonly firstNames: string | null;
  readonly lastName: string | null;
}

/** What somebody is called of whom no name is known, or none that can stand in a user name. */
const NEUTRAL = 'Person';
const DIGITS = '0123456789';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** First some short suffixes, then longer ones: there are more people of a name than digits (ucloud-users-api §9.5). */
const SUFFIXES = [
  { length: 4, alphabet: DIGITS, digitsOnly: 4 },
  { length: 4, alphabet: CAPITALS + DIGITS, digitsOnly: 6 },
  { length: 7, alphabet: CAPITALS + DIGITS, digitsOnly: 10 },
] as const;
const TRIES_OF_EACH = 8;

/** So many names there are to try for one person. */
export const DERIVED_USERNAMES = SUFFIXES.length * TRIES_OF_EACH;

/** In code points, so that the longest suffix has room. */
const MAX_BASE_LENGTH = 250 - '#'.length - 10;

const UNUSABLE = `#${FORBIDDEN_IN_PERSON_NAMES}`;

/**
 * A user name made of somebody's names: `AdaLovelace#4821` (ucloud-users-api §9.5). It passes the rules of user names, whatever the
 * names are.
 * @param attempt from 0; one after the other, until a name is free
 * @param seed at least 10 bytes, others for each attempt; they need not be secret
 */
export function derivedUsername(names: Names, attempt: number, seed: Uint8Array): string {
  const base = baseOf(names);
  const last = SUFFIXES.length - 1;
  const { length, alphabet, digitsOnly } = SUFFIXES[Math.min(Math.floor(attempt / TRIES_OF_EACH), last)] ?? SUFFIXES[0];
  // Latin letters stand beside letters of few other scripts only.
  return mixesScripts(base + alphabet)
    ? `${base}#${drawn(seed, DIGITS, digitsOnly)}`
    : `${base}#${drawn(seed, alphabet, length)}`;
}

function baseOf({ firstNames, lastName }: Names): string {
  // In the form that names are compared in, so that nothing comes out of a letter later that is not allowed.
  const visible = Array.from(`${firstNames ?? ''}${lastName ?? ''}`.normalize('NFKC')).filter(isUsable);
  const base = visible
    .slice(visible.findIndex((character) => character !== '_'))
    .slice(0, MAX_BASE_LENGTH)
    .join('');
  return /\p{L}/u.test(base) && !mixesScripts(base.normalize('NFKC')) ? base : NEUTRAL;
}

const isUsable = (character: string) =>
  !UNUSABLE.includes(character) && !INVISIBLE.test(character) && !/\s/u.test(character);

const drawn = (seed: Uint8Array, alphabet: string, length: number): string =>
  Array.from(seed.slice(0, length), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
