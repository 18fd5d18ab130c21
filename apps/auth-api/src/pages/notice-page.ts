import { escapeHtml } from '#mail/letters/html.js';
import type { Language } from '#mail/letters/letter.js';
import { PAGE_STYLE, hashOf } from './page-style.js';

/** A page that tells somebody something, and where they can go on from it. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  /** What to say to who is asked for help; null for nothing. */
  readonly reference: { readonly label: string; readonly value: string } | null;
}

/** Nothing may run in it, and it sends nothing (SEC-123). */
export const NOTICE_PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(PAGE_STYLE)}`,
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const renderNotice = (language: Language, { title, text, reference }: Notice): string => `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
${reference === null ? '' : `<p>${escapeHtml(reference.label)}: <code>${escapeHtml(reference.value)}</code></p>\n`}</main>
</html>
`;
