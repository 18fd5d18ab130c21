import { inMinutes } from '#domain/duration.js';
import { PASSWORD_RESET_MS } from '#domain/password-reset/password-reset.js';
import { MAX_PASSWORD_LENGTH, MIN_LENGTH_ALONE } from '#domain/user/password-policy.js';
import type { Language } from '#mail/letters/letter.js';
import { buttonPage, passwordResetPage } from './mail-page-kinds.js';
import type { MailPage } from './mail-page.js';

/** The pages that mails lead to, by the last part of their address. */
export type MailPages = Readonly<Record<'email-confirmation' | 'email-undo' | 'password-reset', MailPage>>;

const english: MailPages = {
  'password-reset': passwordResetPage({
    title: 'Choose a new password',
    ask: 'Give the e-mail address of your account, and we send you a link.',
    email: 'E-mail address',
    send: 'Send the link',
    asked: `If the address belongs to an account, a mail is on its way. Its link works for ${inMinutes(PASSWORD_RESET_MS)} minutes.`,
    choose: `Choose a password of at least ${MIN_LENGTH_ALONE} characters. A few words that do not belong together are easy to remember.`,
    password: 'New password',
    change: 'Change the password',
    changed: 'Your password was changed, and all your sessions were ended. You can log in with the new one now.',
    errors: {
      'password-missing': 'A password is needed.',
      'password-too-short': 'That password is too short.',
      'password-too-long': `That password has more than ${MAX_PASSWORD_LENGTH} characters.`,
      'password-common': 'That password is one of those that are tried first. Choose another one.',
      'password-breached': 'That password is known from a breach elsewhere. Choose another one.',
      'email-invalid': 'That is not an e-mail address.',
      'reset-token-expired': 'The link has expired. Ask for another one.',
      'reset-token-unknown': 'The link was used before, or you have asked for a newer one.',
      'requests-throttled': 'That was asked for too often. Try again later.',
    },
    otherError: 'That did not work. Try again in a moment.',
    noScript: 'This page needs JavaScript.',
  }),
  'email-confirmation': buttonPage({
    title: 'Confirm your e-mail address',
    action: '/auth/users/email/confirm',
    question: 'Is this to be the e-mail address of your account?',
    button: 'Confirm',
    done: 'The address is now the one of your account.',
    errors: {
      'email-token-expired': 'The link has expired. Ask for the change once more.',
      'email-token-unknown': 'The link was used before, or you have asked for a newer one.',
      'email-taken': 'Another account has this address by now.',
    },
    otherError: 'That did not work. Try again in a moment.',
    noToken: 'Open this page by the link in the mail.',
    noScript: 'This page needs JavaScript.',
  }),
  'email-undo': buttonPage({
    title: 'Take your account back',
    action: '/auth/users/email/undo',
    question: 'This restores your previous e-mail address and ends all sessions of your account.',
    button: 'Restore my address',
    done: 'Your address was restored. Whoever changed it may know your password: <a href="/account/password-reset">choose another one now</a>.',
    errors: {
      'email-token-expired': 'The link has expired. Ask those who run the service for help.',
      'email-token-unknown': 'The link was used before.',
    },
    otherError: 'That did not work. Try again in a moment.',
    noToken: 'Open this page by the link in the mail.',
    noScript: 'This page needs JavaScript.',
  }),
};

const danish: MailPages = {
  'password-reset': passwordResetPage({
    title: 'Vælg en ny adgangskode',
    ask: 'Skriv e-mailadressen for din konto, så sender vi dig et link.',
    email: 'E-mailadresse',
    send: 'Send linket',
    asked: `Hvis adressen hører til en konto, er en mail på vej. Dens link virker i ${inMinutes(PASSWORD_RESET_MS)} minutter.`,
    choose: `Vælg en adgangskode på mindst ${MIN_LENGTH_ALONE} tegn. Nogle ord, der ikke hører sammen, er lette at huske.`,
    password: 'Ny adgangskode',
    change: 'Skift adgangskoden',
    changed: 'Din adgangskode er ændret, og alle dine sessioner er afsluttet. Du kan nu logge ind med den nye.',
    errors: {
      'password-missing': 'Der skal en adgangskode til.',
      'password-too-short': 'Adgangskoden er for kort.',
      'password-too-long': `Adgangskoden er på mere end ${MAX_PASSWORD_LENGTH} tegn.`,
      'password-common': 'Adgangskoden er en af dem, der prøves først. Vælg en anden.',
      'password-breached': 'Adgangskoden er kendt fra et datalæk et andet sted. Vælg en anden.',
      'email-invalid': 'Det er ikke en e-mailadresse.',
      'reset-token-expired': 'Linket er udløbet. Bed om et nyt.',
      'reset-token-unknown': 'Linket er brugt før, eller du har bedt om et nyere.',
      'requests-throttled': 'Der er spurgt for ofte. Prøv igen senere.',
    },
    otherError: 'Det lykkedes ikke. Prøv igen om lidt.',
    noScript: 'Denne side kræver JavaScript.',
  }),
  'email-confirmation': buttonPage({
    title: 'Bekræft din e-mailadresse',
    action: '/auth/users/email/confirm',
    question: 'Skal dette være e-mailadressen for din konto?',
    button: 'Bekræft',
    done: 'Adressen er nu den, der hører til din konto.',
    errors: {
      'email-token-expired': 'Linket er udløbet. Bed om ændringen en gang til.',
      'email-token-unknown': 'Linket er brugt før, eller du har bedt om et nyere.',
      'email-taken': 'En anden konto har fået adressen i mellemtiden.',
    },
    otherError: 'Det lykkedes ikke. Prøv igen om lidt.',
    noToken: 'Åbn denne side med linket i mailen.',
    noScript: 'Denne side kræver JavaScript.',
  }),
  'email-undo': buttonPage({
    title: 'Tag din konto tilbage',
    action: '/auth/users/email/undo',
    question: 'Det gendanner din tidligere e-mailadresse og afslutter alle sessioner for din konto.',
    button: 'Gendan min adresse',
    done: 'Din adresse er gendannet. Den, der ændrede den, kender måske din adgangskode: <a href="/account/password-reset">vælg en ny nu</a>.',
    errors: {
      'email-token-expired': 'Linket er udløbet. Bed dem, der driver tjenesten, om hjælp.',
      'email-token-unknown': 'Linket er brugt før.',
    },
    otherError: 'Det lykkedes ikke. Prøv igen om lidt.',
    noToken: 'Åbn denne side med linket i mailen.',
    noScript: 'Denne side kræver JavaScript.',
  }),
};

export const MAIL_PAGES: Readonly<Record<Language, MailPages>> = { en: english, da: danish };
