/** How long the events of a category of streams are kept, and why no longer. */
export interface Retention {
  readonly category: string;
  /** From when they were recorded; the last event of each stream stays where the log is a file. */
  readonly days: number;
  readonly reason: string;
}

/** So long it can be read where failed logins and refused requests came from; then the keys that seal it are destroyed. */
export const ADDRESSES_KEPT_DAYS = 90;

/**
 * What ages (SEC-165). All other streams are kept for good: the history of accounts, sessions, keys and whatever was
 * administered is what the log is for.
 */
export const RETENTION: readonly Retention[] = [
  {
    category: 'attempts',
    days: ADDRESSES_KEPT_DAYS,
    reason:
      'Failed logins are kept for the detection and investigation of attacks, and no longer (GDPR Art. 5(1)(e), recital 49).',
  },
  {
    category: 'challenge',
    days: 30,
    reason: 'A challenge is answered within minutes; what became of it is in the session that it opened.',
  },
  {
    category: 'iterator',
    days: 30,
    reason:
      'The place of a walk over all users is of use for hours; who walked is kept as long as one may ask (GDPR Art. 5(1)(c)).',
  },
  {
    category: 'onetime',
    days: 30,
    reason:
      'A one-time token is good for seconds; its claim is kept as long as a dispute about a download may come up.',
  },
  {
    category: 'refusals',
    days: ADDRESSES_KEPT_DAYS,
    reason: 'Refused requests are kept as long as failed logins, and for the same end.',
  },
  {
    category: 'samlmessage',
    days: 30,
    reason:
      'A message of an identity provider is too old to be accepted after minutes; that it was is kept for disputes.',
  },
  {
    category: 'samlrequest',
    days: 30,
    reason: 'A login with an identity provider takes minutes; what became of it is in the session that it opened.',
  },
];
