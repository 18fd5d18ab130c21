/** Scripts in everyday use (UAX #31, table 5). */
const SCRIPTS = [
  ['Latin'],
  ['Arabic'],
  ['Armenian'],
  ['Bengali'],
  ['Cyrillic'],
  ['Devanagari'],
  ['Ethiopic'],
  ['Georgian'],
  ['Greek'],
  ['Gujarati'],
  ['Gurmukhi'],
  ['Hebrew'],
  ['Kannada'],
  ['Khmer'],
  ['Lao'],
  ['Malayalam'],
  ['Myanmar'],
  ['Oriya'],
  ['Sinhala'],
  ['Tamil'],
  ['Telugu'],
  ['Thaana'],
  ['Thai'],
  ['Tibetan'],
];
/** What Japanese, Taiwanese and Koreans write side by side (UTS #39 §5.2, "highly restrictive"). */
const USUAL_MIXTURES = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

const classOf = (scripts: readonly string[]) => scripts.map((script) => String.raw`\p{scx=${script}}`).join('');
/** Digits, signs and accents go with every script. */
const SHARED = String.raw`\p{sc=Common}\p{sc=Inherited}`;

/** One of them matches a text that is written in one way. */
const WAYS_TO_WRITE = [
  ...[...SCRIPTS, ...USUAL_MIXTURES].map((scripts) => new RegExp(`^[${classOf(scripts)}${SHARED}]*$`, 'u')),
  // Other scripts are rare enough to be taken for one.
  new RegExp(`^[^${classOf([...SCRIPTS, ...USUAL_MIXTURES].flat())}]*$`, 'u'),
];

/**
 * Whether letters of several scripts stand in it that nobody writes side by side, such as a Cyrillic а among Latin letters:
 * what is read is then not what is compared (UTS #39 §5.1).
 */
export const mixesScripts = (text: string) => !WAYS_TO_WRITE.some((way) => way.test(text));
