import { demandEmail } from '#domain/user/email-address.js';
import { INVISIBLE } from '#domain/user/invisible.js';

/** In characters, of a name or any other text that is shown; what is longer is cut. */
const MAX_CHARACTERS = 250;
const MAX_VALUES = 50;
const INVISIBLES = new RegExp(INVISIBLE, 'gu');

/** As it can be shown: in one line, without what cannot be seen, and not too long. Letters of any script stay as they are. */
export function shownText(value: string): string {
  const visible = value.replaceAll(/\s+/g, ' ').replaceAll(INVISIBLES, '').trim();
  return Array.from(visible).slice(0, MAX_CHARACTERS).join('').trim();
}

/** The first value that shows anything; null for none. */
export const firstText = (values: readonly string[]): string | null => shownTexts(values)[0] ?? null;

export const shownTexts = (values: readonly string[]): readonly string[] =>
  [...new Set(values.map(shownText))].filter((text) => text !== '').slice(0, MAX_VALUES);

/** Those that are addresses; what else stands in `mail` helps nobody. */
export const mailAddresses = (values: readonly string[]): readonly string[] =>
  values.filter(isMailAddress).slice(0, MAX_VALUES);

function isMailAddress(value: string): boolean {
  try {
    demandEmail(value);
    return true;
  } catch {
    return false;
  }
}
