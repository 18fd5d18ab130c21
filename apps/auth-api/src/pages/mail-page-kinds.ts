import type { PasswordResetRefusal } from '#domain/password-reset/password-reset.js';
import type { Refusal } from '#domain/refused.js';
import type { PasswordRefusal } from '#domain/user/password-policy.js';
import type { MailPage } from './mail-page.js';

interface Failures {
  readonly errors: Readonly<Partial<Record<Refusal, string>>>;
  readonly otherError: string;
  readonly noScript: string;
}

const failuresOf = ({ errors, otherError, noScript }: Failures) => ({
  errors: [...Object.entries(errors).map(([code, text]) => ({ code, text })), { code: '', text: otherError }],
  noScript,
});

/** What asking for the mail and choosing a password can be refused for. */
type ResetRefusal =
  | 'email-invalid'
  | 'requests-throttled'
  | PasswordResetRefusal
  // The others are of hashes that are imported, and of who proves the current password.
  | Exclude<PasswordRefusal, 'password-hash-invalid' | 'password-unchanged'>;

export interface PasswordResetWords extends Failures {
  readonly errors: Readonly<Record<ResetRefusal, string>>;
  readonly title: string;
  readonly ask: string;
  readonly email: string;
  readonly send: string;
  readonly asked: string;
  readonly choose: string;
  readonly password: string;
  readonly change: string;
  readonly changed: string;
}

/** Asks for the mail without a token, for a password with one. */
export function passwordResetPage(words: PasswordResetWords): MailPage {
  return {
    title: words.title,
    withToken: 'choose',
    withoutToken: 'ask',
    steps: [
      {
        name: 'ask',
        text: words.ask,
        form: {
          action: '/api/password/reset',
          sendsToken: false,
          field: { name: 'email', label: words.email, type: 'email', autocomplete: 'email' },
          button: words.send,
          leadsTo: 'asked',
        },
      },
      { name: 'asked', text: words.asked },
      {
        name: 'choose',
        text: words.choose,
        form: {
          action: '/api/password/reset/new',
          sendsToken: true,
          field: { name: 'newPassword', label: words.password, type: 'password', autocomplete: 'new-password' },
          button: words.change,
          leadsTo: 'changed',
        },
      },
      { name: 'changed', text: words.changed },
    ],
    ...failuresOf(words),
  };
}

export interface ButtonWords extends Failures {
  readonly title: string;
  readonly action: string;
  readonly question: string;
  readonly button: string;
  readonly done: string;
  readonly noToken: string;
}

/** Opening the page changes nothing; its button does, so that who scans mails cannot (SEC-56). */
export function buttonPage(words: ButtonWords): MailPage {
  const { title, action, question, button, done, noToken } = words;
  return {
    title,
    withToken: 'ask',
    withoutToken: 'lost',
    steps: [
      { name: 'ask', text: question, form: { action, sendsToken: true, button, leadsTo: 'done' } },
      { name: 'done', text: done },
      { name: 'lost', text: noToken },
    ],
    ...failuresOf(words),
  };
}
