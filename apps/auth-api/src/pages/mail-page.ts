import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Language } from '#mail/letters/letter.js';

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
const STYLE = `
body { font: 1.05rem/1.5 system-ui, sans-serif; margin: 0; color: #1d2433; background: #f3f4f7; }
main { max-width: 26rem; margin: 12vh auto 2rem; padding: 2rem; background: #fff; border: 1px solid #d9dce3; border-radius: 10px; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 1rem; }
label { display: block; font-weight: 600; margin-bottom: .3rem; }
input { width: 100%; box-sizing: border-box; font: inherit; padding: .55rem .7rem; border: 1px solid #8b93a5; border-radius: 6px; }
button { font: inherit; font-weight: 600; margin-top: 1rem; padding: .6rem 1.1rem; color: #fff; background: #1f4fbf; border: 0; border-radius: 6px; cursor: pointer; }
button:disabled { opacity: .6; cursor: default; }
input:focus-visible, button:focus-visible { outline: 3px solid #9db8ff; outline-offset: 1px; }
[role=alert] { color: #9c1c1c; font-weight: 600; }
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but what stands in the page may run, and it may talk to this service only (SEC-123). */
export const MAIL_PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
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
<style>${STYLE}</style>
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
