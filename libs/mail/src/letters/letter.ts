import type { MailKind } from '#domain/mail/mail.js';

export const LANGUAGES = ['en', 'da'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What a mail says; a paragraph is text or an address to go to. */
export interface Letter {
  readonly subject: string;
  readonly paragraphs: readonly Paragraph[];
}

export type Paragraph = string | { readonly link: string };

/** What letters may speak of. No name that its owner chose is in it: our mail carries nobody's message (SEC-170). */
export interface Facts {
  /** What the receiver knows the service as. */
  readonly service: string;
  readonly username: string;
  /** For who did not do what the letter is about: where a forgotten password is asked for. */
  readonly forgottenPassword: string;
}

interface Linked extends Facts {
  /** Where the receiver confirms, resets or undoes. */
  readonly link: string;
}

interface ByWhom extends Facts {
  readonly by: 'administrator' | 'owner';
}

interface Failures extends Facts {
  readonly failures: number;
}

interface CodesLeft extends Facts {
  readonly codesLeft: number;
}

/** What each kind of letter is about. */
export interface FactsOfKind extends Record<MailKind, Facts> {
  readonly 'email-changed': Linked;
  readonly 'email-confirmation': Linked;
  readonly 'login-after-failures': Failures;
  readonly 'password-reset': Linked;
  readonly 'recovery-code-used': CodesLeft;
  readonly 'second-factor-removed': ByWhom;
}

/** The letters in one language, and the words around each. */
export interface Letters {
  readonly greeting: (facts: Facts) => string;
  readonly closing: (facts: Facts) => string;
  readonly of: { readonly [Kind in MailKind]: (facts: FactsOfKind[Kind]) => Letter };
}
