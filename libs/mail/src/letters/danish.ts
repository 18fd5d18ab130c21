import { inHours, inMinutes } from '#domain/duration.js';
import { PASSWORD_RESET_MS } from '#domain/password-reset/password-reset.js';
import { EMAIL_CONFIRMATION_MS, EMAIL_UNDO_MS } from '#domain/user/email-change.js';
import type { Facts, Letters, Paragraph } from './letter.js';

/** SEC-62: how to object to what somebody else may have done. */
const ifItWasNotYou = ({ forgottenPassword }: Facts): readonly Paragraph[] => [
  'Hvis det ikke var dig, så vælg en ny adgangskode med det samme, og sig det til dem, der driver tjenesten:',
  { link: forgottenPassword },
];

export const danish: Letters = {
  greeting: ({ username }) => `Hej ${username}`,
  closing: ({ service }) => `Denne mail er sendt af ${service}. Ingen læser svar på den.`,

  of: {
    'password-reset': ({ service, username, link }) => ({
      subject: `Vælg en ny adgangskode til ${service}`,
      paragraphs: [
        `Nogen har bedt om en ny adgangskode til din konto ${username} hos ${service}. Åbn denne side inden for ${inMinutes(PASSWORD_RESET_MS)} minutter for at vælge en:`,
        { link },
        'Hvis det ikke var dig, skal du ikke gøre noget: din adgangskode er den samme som før.',
      ],
    }),
    'password-changed': (facts) => ({
      subject: `Din adgangskode til ${facts.service} er ændret`,
      paragraphs: ['Din adgangskode er blevet ændret, og dine andre sessioner er afsluttet.', ...ifItWasNotYou(facts)],
    }),
    'login-after-failures': (facts) => ({
      subject: `Login hos ${facts.service} efter forkerte adgangskoder`,
      paragraphs: [`Din adgangskode er blevet indtastet efter ${facts.failures} forkerte.`, ...ifItWasNotYou(facts)],
    }),
    'password-change-required': ({ service }) => ({
      subject: `Vælg venligst en ny adgangskode til ${service}`,
      paragraphs: [
        `En administrator af ${service} beder dig vælge en ny adgangskode. Log ind med den, du har; så bliver du bedt om den nye før alt andet.`,
      ],
    }),
    'email-confirmation': ({ service, username, link }) => ({
      subject: `Bekræft din e-mailadresse til ${service}`,
      paragraphs: [
        `Dette skal være e-mailadressen for kontoen ${username} hos ${service}. Hvis det er rigtigt, så åbn denne side inden for ${inHours(EMAIL_CONFIRMATION_MS)} timer og bekræft det:`,
        { link },
        'Hvis du ikke kender noget til det, skal du ikke gøre noget: adressen bliver ikke brugt.',
      ],
    }),
    'email-address-in-use': ({ service, username, forgottenPassword }) => ({
      subject: `Din e-mailadresse hos ${service}`,
      paragraphs: [
        `Nogen ville bruge denne e-mailadresse til en anden konto hos ${service}. Den hører til din konto ${username}, så der er ikke ændret noget.`,
        'Hvis det var dig, så log ind med den konto. Har du glemt adgangskoden, kan du bede om en ny:',
        { link: forgottenPassword },
      ],
    }),
    'email-changed': ({ service, username, link }) => ({
      subject: `Din e-mailadresse hos ${service} er ændret`,
      paragraphs: [
        `Din konto ${username} har nu en anden e-mailadresse, og mails bliver sendt dertil.`,
        `Hvis det ikke var dig, kan du tage kontoen tilbage inden for ${inHours(EMAIL_UNDO_MS)} timer. Så gælder denne adresse igen, og alle sessioner bliver afsluttet:`,
        { link },
      ],
    }),
    'email-change-undone': (facts) => ({
      subject: `Din e-mailadresse hos ${facts.service} er gendannet`,
      paragraphs: [
        'Dette er igen e-mailadressen for din konto, og alle sessioner er afsluttet. Den, der ændrede den, kender måske din adgangskode, så vælg en ny med det samme:',
        { link: facts.forgottenPassword },
      ],
    }),
    'second-factor-enrolled': (facts) => ({
      subject: `Din konto hos ${facts.service} har fået en ekstra faktor`,
      paragraphs: ['Fra nu af spørger hvert login også om en kode fra din godkendelsesapp.', ...ifItWasNotYou(facts)],
    }),
    'second-factor-guessed': (facts) => ({
      subject: `Forkerte koder hos ${facts.service}`,
      paragraphs: [
        'Et login med din konto kom forbi det første trin og blev opgivet efter for mange forkerte koder.',
        ...ifItWasNotYou(facts),
      ],
    }),
    'second-factor-removed': (facts) => ({
      subject: `Den ekstra faktor for din konto hos ${facts.service} er fjernet`,
      paragraphs: [
        facts.by === 'owner'
          ? 'Login spørger ikke længere om en kode.'
          : 'En administrator har fjernet din ekstra faktor, og login spørger ikke længere om en kode.',
        ...ifItWasNotYou(facts),
      ],
    }),
    'recovery-codes-replaced': (facts) => ({
      subject: `Nye gendannelseskoder til ${facts.service}`,
      paragraphs: ['Du har fået nye gendannelseskoder. De tidligere virker ikke længere.', ...ifItWasNotYou(facts)],
    }),
    'recovery-code-used': (facts) => ({
      subject: `En gendannelseskode er brugt hos ${facts.service}`,
      paragraphs: [
        `En af dine gendannelseskoder er brugt i stedet for en kode fra din godkendelsesapp. ${codesLeft(facts.codesLeft)}`,
        ...ifItWasNotYou(facts),
      ],
    }),
  },
};

/** SEC-42: a warning while there is still time. */
function codesLeft(count: number): string {
  if (count === 0) return 'Det var den sidste: lav nye nu.';
  return count <= 3 ? `Der er kun ${count} tilbage: lav snart nye.` : `Der er ${count} tilbage.`;
}
