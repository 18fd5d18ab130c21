/** By how much the clocks of others may differ from ours (wayf-saml §1.3). */
export const CLOCK_SKEW_MS = 60_000;
/** How long after it was issued a message is taken at all. */
export const MESSAGE_AGE_MS = 300_000;

/** The last moment at which a message that was issued then is taken; null if it is over, or if it comes from the future. */
export function acceptableUntil(issuedAt: Date, now: Date): Date | null {
  if (issuedAt.getTime() - CLOCK_SKEW_MS > now.getTime()) return null;
  const until = new Date(issuedAt.getTime() + MESSAGE_AGE_MS + CLOCK_SKEW_MS);
  return until > now ? until : null;
}
