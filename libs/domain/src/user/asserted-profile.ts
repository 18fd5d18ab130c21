import { type Personal, isErased } from '../personal.js';
import { isEmail } from './email-address.js';
import { INVISIBLE } from './invisible.js';
import { normaliseIdentifier } from './username.js';

/**
 * What an identity provider says of a person at a login (wayf-saml §1.4). What it does not say is null or an empty list, never an
 * empty text.
 */
export interface AssertedProfile {
  readonly firstNames: string | null;
  readonly lastName: string | null;
  /** Nobody has verified them, and other people may have the same ones. */
  readonly mails: readonly string[];
  /** `user@scope`; no address, and it may be given to somebody else one day. */
  readonly principalName: string | null;
  /** The institution's domain, in lower case. */
  readonly organizationId: string | null;
  readonly organizationName: string | null;
  readonly primaryAffiliation: string | null;
  readonly affiliations: readonly string[];
  /** How sure the institution is of who they are. */
  readonly assurance: readonly string[];
}

export const SEALED_FIELDS = ['firstNames', 'lastName', 'mails', 'principalName'] as const;

/** The same in the log. */
export interface RecordedProfile extends Omit<AssertedProfile, (typeof SEALED_FIELDS)[number]> {
  readonly firstNames: Personal<string> | null;
  readonly lastName: Personal<string> | null;
  readonly mails: Personal<readonly string[]>;
  readonly principalName: Personal<string> | null;
}

export const NOTHING_ASSERTED: AssertedProfile = {
  firstNames: null,
  lastName: null,
  mails: [],
  principalName: null,
  organizationId: null,
  organizationName: null,
  primaryAffiliation: null,
  affiliations: [],
  assurance: [],
};

/** In code points; what is longer is cut. */
const MAX_LENGTH = 250;
const LINE_BREAK = /[\r\n\u0085\u2028\u2029]/u;
/** Of one list; what follows is left out. */
const MAX_VALUES = 20;

/**
 * As it is kept, whoever sent it: the first line of each text, as far as it can be seen, addresses that are some, each value once.
 * Only the order of the addresses means something.
 */
export const cleaned = (profile: AssertedProfile): AssertedProfile => ({
  firstNames: shownLine(profile.firstNames),
  lastName: shownLine(profile.lastName),
  mails: firstOfEach(profile.mails.map((mail) => mail.trim()).filter(isEmail)).slice(0, MAX_VALUES),
  principalName: shownLine(profile.principalName),
  organizationId: shownLine(profile.organizationId?.toLowerCase() ?? null),
  organizationName: shownLine(profile.organizationName),
  primaryAffiliation: shownLine(profile.primaryAffiliation),
  affiliations: setOf(profile.affiliations),
  assurance: setOf(profile.assurance),
});

/** The first line of a text, as far as it can be seen; null for none. Letters of any script stay as they are. */
export function shownLine(text: string | null): string | null {
  const [first = ''] = (text ?? '').trimStart().split(LINE_BREAK);
  const visible = Array.from(first.replace(/\s+/gu, ' ')).filter((character) => !INVISIBLE.test(character));
  const line = visible.slice(0, MAX_LENGTH).join('').trim();
  return line === '' ? null : line;
}

const setOf = (texts: readonly string[]): readonly string[] => {
  const lines = texts.map(shownLine).filter((line) => line !== null);
  return [...new Set(lines)].toSorted().slice(0, MAX_VALUES);
};

/** Two spellings of one address are one. */
function firstOfEach(mails: readonly string[]): readonly string[] {
  const first = new Map<string, string>();
  for (const mail of mails) {
    const address = normaliseIdentifier(mail);
    if (!first.has(address)) first.set(address, mail);
  }
  return [...first.values()];
}

/** Whether a login says what is known. Addresses in another order are the same ones, so that the first one stays what it was. */
export function isKnown({ mails, ...known }: RecordedProfile, { mails: sent, ...profile }: AssertedProfile): boolean {
  if (isErased(mails) || mails.length !== sent.length || sent.some((mail) => !mails.includes(mail))) return false;
  return FIELDS.every((field) => JSON.stringify(known[field]) === JSON.stringify(profile[field]));
}

type Field = Exclude<keyof AssertedProfile, 'mails'>;
const FIELDS = Object.keys(NOTHING_ASSERTED).filter((field): field is Field => field !== 'mails');

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);

/** The address that is shown and written to while its owner has confirmed none. A mark stands for every address behind it. */
export const firstMail = ({ mails }: Pick<RecordedProfile, 'mails'>): Personal<string> | null =>
  isList(mails) ? (mails[0] ?? null) : mails;
