import { SamlRefused } from '#domain/saml/saml-refused.js';

/** How much a document may have. Effort grows with each of them, so they hold before anything is parsed (SEC-110). */
export interface MarkupLimits {
  readonly maxCharacters: number;
  readonly maxElements: number;
  readonly maxDepth: number;
  /** Of one element. */
  readonly maxAttributes: number;
}

const DECLARATION = /^<\?xml version=(["'])1\.0\1(?: encoding=(["'])utf-8\2)?(?: standalone=(["'])(?:yes|no)\3)? ?\?>/i;
/** What XML has no place for, not even as a reference (XML 1.0 §2.2), and the rest of the control characters. */
const NO_CHARACTER = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/u;
const REFERENCE = /&(?:(?:amp|lt|gt|quot|apos)|#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6})));|&/g;
const LAST_CODE_POINT = 0x10_ffff;

/**
 * Passes over the text once, and lets through nothing but elements, attributes, text and comments: no DOCTYPE, so that there is
 * nothing to expand or to fetch, no processing instruction, no CDATA section.
 *
 * @throws SamlRefused
 */
export function demandPlainMarkup(text: string, limits: MarkupLimits): void {
  if (text.length > limits.maxCharacters) throw new SamlRefused('too-large');
  if (NO_CHARACTER.test(text)) throw new SamlRefused('xml-invalid');
  let at = DECLARATION.exec(text)?.[0].length ?? 0;
  let depth = 0;
  let elements = 0;
  for (;;) {
    const opens = text.indexOf('<', at);
    demandKnownReferences(text.slice(at, opens === -1 ? undefined : opens));
    if (opens === -1) break;
    if (text.startsWith('<!--', opens)) {
      at = endOf(text, '-->', opens + 4);
      continue;
    }
    if (text[opens + 1] === '!' || text[opens + 1] === '?') throw new SamlRefused('markup-forbidden');
    const tag = readTag(text, opens);
    at = opens + tag.length;
    if (tag.startsWith('</')) {
      depth -= 1;
      continue;
    }
    elements += 1;
    if (!tag.endsWith('/>')) depth += 1;
    if (elements > limits.maxElements || depth > limits.maxDepth || attributesOf(tag) > limits.maxAttributes)
      throw new SamlRefused('too-complex');
  }
  if (depth !== 0) throw new SamlRefused('xml-invalid');
}

/** From `<` to the `>` that ends it, which is not one within quotes. */
function readTag(text: string, opens: number): string {
  let quote = '';
  for (let at = opens + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '<') break;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') {
      const tag = text.slice(opens, at + 1);
      demandKnownReferences(tag);
      return tag;
    }
  }
  throw new SamlRefused('xml-invalid');
}

/** The number of `=` outside of quotes. */
const attributesOf = (tag: string): number => tag.replace(/"[^"]*"|'[^']*'/g, '').split('=').length - 1;

function demandKnownReferences(text: string): void {
  if (!text.includes('&')) return;
  for (const [reference, decimal, hexadecimal] of text.matchAll(REFERENCE)) {
    if (reference === '&') throw new SamlRefused('markup-forbidden');
    if (decimal === undefined && hexadecimal === undefined) continue;
    const codePoint = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    if (codePoint > LAST_CODE_POINT || isSurrogate || NO_CHARACTER.test(String.fromCodePoint(codePoint)))
      throw new SamlRefused('xml-invalid');
  }
}

function endOf(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  if (at === -1) throw new SamlRefused('xml-invalid');
  return at + end.length;
}
