import { Secret, TOTP } from 'otpauth';

/** RFC 6238 with what every authenticator app knows: SHA-1, six digits, 30 seconds (ucloud-users-api §8.1). */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const SECRET_BYTES = 20;
/** One step before and after the server's own time (SEC-38). */
const WINDOW = 1;
const ISSUER = 'authlog';

/** 160 random bits, base32 (SEC-37). */
export const newTotpSecret = (): string => new Secret({ size: SECRET_BYTES }).base32;

/** The `otpauth` address that an authenticator app reads from a QR code. */
export const totpUri = (secret: string, label: string): string =>
  new TOTP({ ...PARAMETERS, issuer: ISSUER, label, secret }).toString();

/** The time step whose code this is; null for a wrong one. */
export function stepOf(secret: string, code: string, now: Date): number | null {
  const timestamp = now.getTime();
  const delta = new TOTP({ ...PARAMETERS, secret }).validate({ token: code, window: WINDOW, timestamp });
  return delta === null ? null : Math.floor(timestamp / 1_000 / PARAMETERS.period) + delta;
}
