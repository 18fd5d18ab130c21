import { readFileSync } from 'node:fs';
import type { Language } from '#mail/letters/letter.js';
import { PAGE_STYLE, hashOf } from './page-style.js';

/** A page that a mail leads to. What is shown when is decided by its script, mail-page.browser.js. */
export interface MailPage {
  readonly title: string;
  /** The step that is shown to who comes with a token, and to who comes without. */
  readonly withToken: string;
  readonly withoutToken: string;
  readonly steps: readonly Step[];
  /** What to say of an error, by its code; the last one, without a code, of all others. */
  readonly errors: readonly { readonly code: string; readonly text: string }[];
  readonly noScript: string;
}

export interface Step {
  readonly name: string;
  readonly text: string;
  readonly form?: Form;
}

interface Form {
  /** The call that it is sent to, as JSON. */
  readonly action: string;
  readonly sendsToken: boolean;
  readonly field?: {
    readonly name: string;
    readonly label: string;
    readonly type: 'email' | 'password';
    readonly autocomplete: string;
  };
  readonly button: string;
  /** The step that follows when it worked. */
  readonly leadsTo: string;
}

const SCRIPT = readFileSync(new URL('mail-page.browser.js', import.meta.url), 'utf8');

/** Nothing but what stands in the page may run, and it may talk to this service only (SEC-123). */
export const MAIL_PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(PAGE_STYLE)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** None of the texts is anybody's input, so none is escaped. */
export const renderMailPage = (language: Language, page: MailPage): string => `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<style>${PAGE_STYLE}</style>
<main data-with-token="${page.withToken}" data-without-token="${page.withoutToken}">
<h1>${page.title}</h1>
<noscript><p role="alert">${page.noScript}</p></noscript>
${page.steps.map(section).join('\n')}
${page.errors.map(({ code, text }) => `<p role="alert" data-error="${code}" hidden>${text}</p>`).join('\n')}
</main>
<script type="module">${SCRIPT}</script>
</html>
`;

const section = ({ name, text, form }: Step) =>
  `<section data-step="${name}" hidden>\n<p>${text}</p>\n${form === undefined ? '' : formOf(form)}</section>`;

function formOf({ action, sendsToken, field, button, leadsTo }: Form): string {
  const input =
    field === undefined
      ? ''
      : `<label for="${field.name}">${field.label}</label>
<input id="${field.name}" name="${field.name}" type="${field.type}" autocomplete="${field.autocomplete}" required>
`;
  return `<form action="${action}" data-leads-to="${leadsTo}"${sendsToken ? ' data-token' : ''}>
${input}<button>${button}</button>
</form>
`;
}
