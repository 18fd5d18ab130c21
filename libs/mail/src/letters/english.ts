import { inHours, inMinutes } from '#domain/duration.js';
import { PASSWORD_RESET_MS } from '#domain/password-reset/password-reset.js';
import { EMAIL_CONFIRMATION_MS, EMAIL_UNDO_MS } from '#domain/user/email-change.js';
import type { Facts, Letters, Paragraph } from './letter.js';

/** SEC-62: how to object to what somebody else may have done. */
const ifItWasNotYou = ({ forgottenPassword }: Facts): readonly Paragraph[] => [
  'If it was not you, choose another password at once, and tell those who run the service:',
  { link: forgottenPassword },
];

export const english: Letters = {
  greeting: ({ username }) => `Hello ${username},`,
  closing: ({ service }) => `This mail was sent by ${service}. Nobody reads answers to it.`,

  of: {
    'password-reset': ({ service, username, link }) => ({
      subject: `Choose a new password for ${service}`,
      paragraphs: [
        `Somebody asked for a new password for your account ${username} at ${service}. To choose one, open this page within ${inMinutes(PASSWORD_RESET_MS)} minutes:`,
        { link },
        'If it was not you, do nothing: your password stays as it is.',
      ],
    }),
    'password-changed': (facts) => ({
      subject: `Your password for ${facts.service} was changed`,
      paragraphs: ['Your password was changed, and your other sessions were ended.', ...ifItWasNotYou(facts)],
    }),
    'login-after-failures': (facts) => ({
      subject: `A login to ${facts.service} after wrong passwords`,
      paragraphs: [`Your password was entered, after ${facts.failures} wrong ones.`, ...ifItWasNotYou(facts)],
    }),
    'password-change-required': ({ service }) => ({
      subject: `Please choose a new password for ${service}`,
      paragraphs: [
        `An administrator of ${service} asks you to choose another password. Log in with your present one; you will be asked for the new one before anything else.`,
      ],
    }),
    'email-confirmation': ({ service, username, link }) => ({
      subject: `Confirm your e-mail address for ${service}`,
      paragraphs: [
        `This is to be the e-mail address of the account ${username} at ${service}. If that is right, open this page within ${inHours(EMAIL_CONFIRMATION_MS)} hours and confirm:`,
        { link },
        'If you know nothing of it, do nothing: the address will not be used.',
      ],
    }),
    'email-address-in-use': ({ service, username, forgottenPassword }) => ({
      subject: `Your e-mail address at ${service}`,
      paragraphs: [
        `Somebody wanted to use this e-mail address for another account at ${service}. It belongs to your account ${username}, so nothing was changed.`,
        'If it was you, log in with that account. If you have forgotten its password, ask for a new one:',
        { link: forgottenPassword },
      ],
    }),
    'email-changed': ({ service, username, link }) => ({
      subject: `Your e-mail address at ${service} was changed`,
      paragraphs: [
        `Your account ${username} has another e-mail address now, and mails will go there.`,
        `If it was not you, take the account back within ${inHours(EMAIL_UNDO_MS)} hours. That restores this address and ends all sessions:`,
        { link },
      ],
    }),
    'email-change-undone': (facts) => ({
      subject: `Your e-mail address at ${facts.service} was restored`,
      paragraphs: [
        'This is the e-mail address of your account again, and all sessions were ended. Whoever changed it may know your password, so choose another one now:',
        { link: facts.forgottenPassword },
      ],
    }),
    'second-factor-enrolled': (facts) => ({
      subject: `Your account at ${facts.service} has a second factor`,
      paragraphs: ['From now on every login also asks for a code of your authenticator.', ...ifItWasNotYou(facts)],
    }),
    'second-factor-guessed': (facts) => ({
      subject: `Wrong codes at ${facts.service}`,
      paragraphs: [
        'A login with your account passed its first step, and was given up after too many wrong codes.',
        ...ifItWasNotYou(facts),
      ],
    }),
    'second-factor-removed': (facts) => ({
      subject: `The second factor of your account at ${facts.service} was removed`,
      paragraphs: [
        facts.by === 'owner'
          ? 'Logins do not ask for a code any more.'
          : 'An administrator removed your second factor, and logins do not ask for a code any more.',
        ...ifItWasNotYou(facts),
      ],
    }),
    'recovery-codes-replaced': (facts) => ({
      subject: `New recovery codes for ${facts.service}`,
      paragraphs: ['You have new recovery codes. The earlier ones do not work any more.', ...ifItWasNotYou(facts)],
    }),
    'recovery-code-used': (facts) => ({
      subject: `A recovery code was used at ${facts.service}`,
      paragraphs: [
        `One of your recovery codes was used instead of a code of your authenticator. ${codesLeft(facts.codesLeft)}`,
        ...ifItWasNotYou(facts),
      ],
    }),
  },
};

/** SEC-42: a warning while there is still time. */
function codesLeft(count: number): string {
  if (count === 0) return 'It was the last one: make new ones now.';
  return count <= 3 ? `There are only ${count} left: make new ones soon.` : `There are ${count} left.`;
}
