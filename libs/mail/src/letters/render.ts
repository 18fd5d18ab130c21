import type { MailKind } from '#domain/mail/mail.js';
import { danish } from './danish.js';
import { english } from './english.js';
import { escapeHtml } from './html.js';
import type { FactsOfKind, Language, Letters, Paragraph } from './letter.js';

const LETTERS: Readonly<Record<Language, Letters>> = { en: english, da: danish };

/** A letter as it is sent: the same words as text and as HTML. */
export interface RenderedLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function render<Kind extends MailKind>(
  kind: Kind,
  language: Language,
  facts: FactsOfKind[Kind],
): RenderedLetter {
  const letters = LETTERS[language];
  const { subject, paragraphs } = letters.of[kind](facts);
  const all: readonly Paragraph[] = [letters.greeting(facts), ...paragraphs, letters.closing(facts)];
  return {
    subject: oneLine(subject),
    text: `${all.map((paragraph) => (typeof paragraph === 'string' ? oneLine(paragraph) : paragraph.link)).join('\n\n')}\n`,
    html: page(language, subject, all),
  };
}

/** Nothing in it begins a line or a header of its own (SEC-169). */
const oneLine = (text: string) => text.replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, ' ');

const escaped = (text: string) => escapeHtml(oneLine(text));

// An empty element keeps mail programs from making a link of a name with a dot in it (SEC-170).
const words = (text: string) => escaped(text).replaceAll(/(?<=\S)\.(?=\S)/g, '<span>.</span>');

const page = (language: Language, subject: string, paragraphs: readonly Paragraph[]) => `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<title>${escaped(subject)}</title>
<body style="font: 16px/1.5 sans-serif; max-width: 36em; margin: 2em auto; color: #222">
${paragraphs.map((paragraph) => (typeof paragraph === 'string' ? `<p>${words(paragraph)}</p>` : linked(paragraph.link))).join('\n')}
</body>
</html>
`;

const linked = (link: string) => `<p><a href="${escaped(link)}">${escaped(link)}</a></p>`;
