import { BadRequest } from '../../bad-request.js';
import type { SecondFactorCode } from '../../second-factor/second-factors.js';
import type { SecondFactorCodeBody } from './bodies.js';

const CODE_DIGITS = 6;

/** The code in a body that may have one; null for none. @throws BadRequest if there are two */
export function optionalCodeOf(body: SecondFactorCodeBody): SecondFactorCode | null {
  const { verificationCode = null, recoveryCode = null } = body;
  if (verificationCode !== null && recoveryCode !== null) throw notOne();
  if (verificationCode !== null) return { kind: 'totp', text: String(verificationCode).padStart(CODE_DIGITS, '0') };
  return recoveryCode === null ? null : { kind: 'recovery', text: recoveryCode };
}

/** @throws BadRequest unless there is exactly one code */
export function codeOf(body: SecondFactorCodeBody): SecondFactorCode {
  const code = optionalCodeOf(body);
  if (code === null) throw notOne();
  return code;
}

const notOne = () => new BadRequest('body-invalid', 'Send either verificationCode or recoveryCode.');
