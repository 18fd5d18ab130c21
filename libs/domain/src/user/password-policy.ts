import { Refused } from '../refused.js';
import type { Registrar } from './user-events.js';

export type PasswordRefusal =
  | 'password-breached'
  | 'password-common'
  | 'password-hash-invalid'
  | 'password-missing'
  | 'password-too-long'
  | 'password-too-short'
  | 'password-unchanged';

/** In code points: of a password that alone opens a session, and of one that never does without a second factor (SEC-01). */
export const MIN_LENGTH_ALONE = 15;
export const MIN_LENGTH_WITH_SECOND_FACTOR = 8;
/** SEC-02. */
export const MAX_PASSWORD_LENGTH = 256;

/** The shortest that may be chosen, in code points (SEC-01). */
export const minPasswordLength = (withSecondFactor: boolean): number =>
  withSecondFactor ? MIN_LENGTH_WITH_SECOND_FACTOR : MIN_LENGTH_ALONE;

/** @returns code points */
const lengthOf = (password: string) => Array.from(password).length;

/** Whether it needs no second factor beside it (SEC-01). */
export const isLongEnoughAlone = (password: string): boolean => lengthOf(password) >= MIN_LENGTH_ALONE;

/**
 * Whether a password that is right has become too short: imported ones never were measured, and one that was chosen beside
 * a second factor is not enough without it (SEC-01). That of the first administrator is the operator's to choose.
 */
export const isTooShort = (password: string, withSecondFactor: boolean, registeredBy: Registrar): boolean =>
  registeredBy !== 'installation' && lengthOf(password) < minPasswordLength(withSecondFactor);

/** What a password is measured by. */
export interface PasswordRules {
  readonly minLength: number;
  /** Whether it is one of those that everybody tries first; asked in lower case. */
  readonly isCommon: (password: string) => boolean;
  /** What everybody knows of its owner: names, addresses, the name of the service. */
  readonly contextWords: readonly string[];
}

/** @throws Refused if the password has no length that any password may have; says why and never repeats it (SEC-07) */
export function demandPasswordLength(password: string | null, minLength: number): asserts password is string {
  if (password === null || password === '') throw new Refused('password-missing', 'A password is needed.');
  const length = lengthOf(password);
  if (length < minLength)
    throw new Refused(
      'password-too-short',
      `The password has fewer than ${minLength} characters. A few words that do not belong together are easy to remember.`,
    );
  if (length > MAX_PASSWORD_LENGTH)
    throw new Refused('password-too-long', `The password has more than ${MAX_PASSWORD_LENGTH} characters.`);
}

/** @throws Refused if the password may not be chosen; says why and never repeats it (SEC-01, SEC-02, SEC-05, SEC-07) */
export function demandPassword(
  password: string | null,
  { minLength, isCommon, contextWords }: PasswordRules,
): asserts password is string {
  demandPasswordLength(password, minLength);
  const folded = fold(password);
  if (isCommon(folded))
    throw new Refused('password-common', 'The password is one of those that are tried first. Choose another one.');
  if (contextWords.some((word) => fold(word) === folded))
    throw new Refused('password-common', 'The password is a name or an address of its owner. Choose another one.');
}

/** @throws Refused if a password would be changed to itself, also in another spelling; where a change is forced that is none */
export function demandAnotherPassword(current: string, chosen: string): void {
  if (current.normalize('NFKC') === chosen.normalize('NFKC'))
    throw new Refused('password-unchanged', 'This is the password you have. Choose another one.');
}

const fold = (text: string) => text.normalize('NFKC').toLowerCase();
