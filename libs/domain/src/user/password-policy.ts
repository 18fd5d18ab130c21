import { Refused } from '../refused.js';

export type PasswordRefusal = 'password-missing' | 'password-too-long' | 'password-too-short';

/** In code points (SEC-01, SEC-02). */
export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 256;

/** @throws Refused if the password cannot be one; says why and never repeats it (SEC-07) */
export function demandPassword(password: string | null): void {
  if (password === null || password === '') throw new Refused('password-missing', 'A password is needed.');
  const length = Array.from(password).length;
  if (length < MIN_PASSWORD_LENGTH)
    throw new Refused('password-too-short', `The password has fewer than ${MIN_PASSWORD_LENGTH} characters.`);
  if (length > MAX_PASSWORD_LENGTH)
    throw new Refused('password-too-long', `The password has more than ${MAX_PASSWORD_LENGTH} characters.`);
}
