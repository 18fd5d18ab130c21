import { dictionary } from '@zxcvbn-ts/language-common';
import { MIN_LENGTH_WITH_SECOND_FACTOR } from '#domain/user/password-policy.js';

let common: ReadonlySet<string> | undefined;

/**
 * Whether a password, in lower case, is one of the 17,950 most common ones that are long enough to be chosen at all (SEC-05). The
 * list comes with the program: nothing is asked of anybody. It is read when the first password is chosen.
 */
export function isCommonPassword(password: string): boolean {
  common ??= new Set(
    dictionary['passwords-common']
      .filter((word) => word.length >= MIN_LENGTH_WITH_SECOND_FACTOR)
      .map((word) => word.toLowerCase()),
  );
  return common.has(password);
}
