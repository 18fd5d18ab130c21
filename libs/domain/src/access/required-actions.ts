import { type SecondFactorPolicy, requiresSecondFactor } from '../second-factor/requirement.js';
import { ALL_WRITE } from '../scope.js';
import type { ActiveUser } from '../user/user-state.js';

/** What somebody has to do before anything else. */
export type RequiredAction = 'change-password' | 'enrol-second-factor';

/** Whatever is required of them, they may see themselves, stay and leave. */
const ALWAYS_ALLOWED = [
  'auth.currentSession:read',
  'auth.users.getUserInfo:read',
  'auth.refresh:write',
  'auth.logout:write',
];

const ACTIONS: Readonly<Record<RequiredAction, { readonly scopes: readonly string[]; readonly words: string }>> = {
  'change-password': {
    scopes: ['auth.users.changePassword:write'],
    words: 'Choose another password first, and log in with it: POST /auth/users/password.',
  },
  'enrol-second-factor': {
    scopes: [
      'auth.twofactor.createCredentials:write',
      'auth.twofactor.answerChallenge:write',
      'auth.twofactor.twoFactorStatus:write',
    ],
    words: 'Enrol a second factor first, and log in with it: POST /auth/2fa.',
  },
};
const IN_ORDER: readonly RequiredAction[] = ['change-password', 'enrol-second-factor'];

/** What is known at a login beside the account itself. */
export interface LoginFacts {
  readonly policy: SecondFactorPolicy;
  readonly hasSecondFactor: boolean;
  /** Whether the identity provider says that they have shown one there. */
  readonly secondFactorAsserted: boolean;
  /** Whether the password that was shown is not good enough any more (SEC-01). */
  readonly passwordTooShort: boolean;
}

/** What is required of the account, whatever way its owner came (SEC-01, SEC-44). */
export function requiredActions(
  account: Pick<ActiveUser, 'kind' | 'mustChangePassword' | 'registeredBy'>,
  { policy, hasSecondFactor, secondFactorAsserted, passwordTooShort }: LoginFacts,
): RequiredAction[] {
  const isRequired: Readonly<Record<RequiredAction, boolean>> = {
    'change-password': account.mustChangePassword || passwordTooShort,
    'enrol-second-factor': !hasSecondFactor && !secondFactorAsserted && requiresSecondFactor(account, policy),
  };
  return IN_ORDER.filter((action) => isRequired[action]);
}

/** The scopes of a session that is opened while this is required: everything if nothing is. */
export const scopesWhile = (required: readonly RequiredAction[]): readonly string[] =>
  required.length === 0 ? [ALL_WRITE] : [...required.flatMap((action) => ACTIONS[action].scopes), ...ALWAYS_ALLOWED];

/** What somebody whose session has these scopes is told to do first; empty if nothing was required when it was opened. */
export const explanationOf = (scopes: readonly string[]): string =>
  IN_ORDER.map((action) => ACTIONS[action])
    .filter((action) => [...action.scopes, ...ALWAYS_ALLOWED].every((scope) => scopes.includes(scope)))
    .map(({ words }) => words)
    .join(' ');
