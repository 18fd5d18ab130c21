import type { AccessRefusal } from './access/access.js';
import type { AdministrationRefusal } from './administration/administration.js';
import type { AuditRefusal } from './audit/audit-reading.js';
import type { AttemptsRefusal } from './attempts/attempts.js';
import type { ChallengeRefusal } from './challenge/challenge.js';
import type { UserId } from './ids.js';
import type { OneTimeTokenRefusal } from './one-time-token/one-time-token.js';
import type { PasswordResetRefusal } from './password-reset/password-reset.js';
import type { ProjectionRefusal } from './projection/projection-control.js';
import type { ReservationRefusal } from './reservation/reservation.js';
import type { ScopeRefusal } from './scope.js';
import type { SealingRefusal } from './sealing/sealing.js';
import type { SecondFactorRefusal } from './second-factor/second-factor.js';
import type { SessionRefusal } from './session/session.js';
import type { SigningKeyRefusal } from './signing-key/signing-key.js';
import type { PasswordRefusal } from './user/password-policy.js';
import type { UserIteratorRefusal } from './user-iterator/user-iterator.js';
import type { UserRefusal } from './user/user.js';

/** Somebody asks too often for what is costly or reaches others. */
type ThrottlingRefusal = 'requests-throttled';

/** Everything the rules can say no to. Stable: clients may rely on each code. */
export type Refusal =
  | AccessRefusal
  | AdministrationRefusal
  | AttemptsRefusal
  | AuditRefusal
  | ChallengeRefusal
  | OneTimeTokenRefusal
  | PasswordRefusal
  | PasswordResetRefusal
  | ProjectionRefusal
  | ReservationRefusal
  | ScopeRefusal
  | SealingRefusal
  | SecondFactorRefusal
  | SessionRefusal
  | SigningKeyRefusal
  | ThrottlingRefusal
  | UserIteratorRefusal
  | UserRefusal;

/** The rules said no. Expected, answered by each surface in its own format, never logged as a fault. */
export class Refused extends Error {
  override readonly name = 'Refused';

  /**
   * @param explanation which part of the input was wrong and what would be right; shown to the caller, so it never
   *   repeats a secret.
   * @param owner whose account it is about, where that is not the caller's; for the log, never for the answer
   */
  constructor(
    readonly code: Refusal,
    readonly explanation?: string,
    readonly details: { readonly retryAfterSeconds?: number } = {},
    readonly owner?: UserId,
  ) {
    super(code);
  }

  /** The same, of this account. */
  of(owner: UserId): Refused {
    return new Refused(this.code, this.explanation, this.details, owner);
  }
}
