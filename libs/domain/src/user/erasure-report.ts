/**
 * Why somebody is forgotten: one of the grounds of GDPR Art. 17(1), (a) to (f), or that they asked for it themselves. A fixed
 * vocabulary, because what is written freely names people, and the key that could seal it is destroyed.
 */
export const ERASURE_GROUNDS = [
  'own-request',
  'no-longer-necessary',
  'consent-withdrawn',
  'objection',
  'unlawful-processing',
  'legal-obligation',
  'offered-to-child',
] as const;
export type ErasureGround = (typeof ERASURE_GROUNDS)[number];

/** What there was of a person besides events and read models, counted before it was destroyed. */
export interface ErasureInventory {
  /** Reserved names and addresses, and who they are to an identity provider. */
  readonly identifiers: number;
  /** Secrets in the vault: passwords, second factors. */
  readonly credentials: number;
  /** Mails to the person that lay in a folder; what a mail server has taken is out of reach. */
  readonly mails: number;
}

/** What became of the rest. */
export interface ErasureOutcome {
  /** Sessions that lived at that moment. */
  readonly sessionsEnded: number;
  /** Events that hold something which nobody can read any more. */
  readonly sealedEvents: number;
  /** The read models that hold nothing of the person any more, by name. */
  readonly readModels: readonly string[];
}
