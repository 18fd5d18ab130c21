import { SamlRefused } from '#domain/saml/saml-refused.js';

/** What a document may have. Effort grows with each of the numbers, so they hold before anything is parsed (SEC-110). */
export interface MarkupLimits {
  readonly elements: number;
  readonly attributes: number;
  readonly attributesOfAnElement: number;
  readonly depth: number;
  readonly comments: 'refused' | 'passed over';
}

/**
 * Of a message. A response of the hub has some 150 elements, and is eight deep; one with every group of a person may have many
 * hundred. Comments split values, which has led to values that were cut, and no provider sends them (SEC-109).
 */
export const MESSAGE_LIMITS: MarkupLimits = {
  elements: 2_000,
  attributes: 4_000,
  attributesOfAnElement: 32,
  depth: 32,
  comments: 'refused',
};

const DECLARATION =
  /^<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"utf-8"|'utf-8'))?(?: standalone=(?:"(?:yes|no)"|'(?:yes|no)'))? ?\?>/i;
// XML 1.0 §2.2; surrogates without a partner do not come out of UTF-8.
const NO_XML_CHARACTER = /(?![\t\n\r\u0080-\u009f])[\p{Cc}\ufffe\uffff]/u;
const REFERENCE = /&(?:amp|lt|gt|quot|apos|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/y;

/**
 * Looks at markup before a parser does, in one pass: there are tags that close each other, text and the references that need no
 * declaration, and not too many of them. Document types, entities, processing instructions and CDATA sections are refused on sight
 * (SEC-110). The parser alone would mend much of what is wrong.
 * @throws SamlRefused `markup-forbidden`, `too-complex`, `xml-invalid`
 */
export function demandSimpleMarkup(xml: string, limits: MarkupLimits): void {
  if (NO_XML_CHARACTER.test(xml)) throw new SamlRefused('xml-invalid');
  const open: string[] = [];
  let elements = 0;
  let attributes = 0;
  let last = DECLARATION.exec(xml)?.[0].length ?? 0;
  for (let at = xml.indexOf('<', last); at !== -1; at = xml.indexOf('<', last)) {
    if (limits.comments === 'passed over' && xml.startsWith('<!--', at)) {
      const before = xml.slice(last, at);
      if (open.length === 0 && before.trim() !== '') throw new SamlRefused('xml-invalid');
      demandReferences(before);
      last = endOfComment(xml, at);
      continue;
    }
    const tag = readTag(xml, at);
    demandReferences(xml.slice(last, tag.end));
    // Outside of the one root there is white space alone.
    if (open.length === 0 && (elements > 0 || xml.slice(last, at).trim() !== '')) throw new SamlRefused('xml-invalid');
    if (tag.kind === 'end') {
      if (open.pop() !== tag.name) throw new SamlRefused('xml-invalid');
    } else {
      elements += 1;
      attributes += tag.attributes;
      open.push(tag.name);
      const isTooMuch = elements > limits.elements || attributes > limits.attributes || open.length > limits.depth;
      if (isTooMuch || tag.attributes > limits.attributesOfAnElement) throw new SamlRefused('too-complex');
      if (tag.kind === 'empty') open.pop();
    }
    last = tag.end;
  }
  demandReferences(xml.slice(last));
  if (elements === 0 || open.length > 0 || xml.slice(last).trim() !== '') throw new SamlRefused('xml-invalid');
}

interface Tag {
  readonly kind: 'start' | 'end' | 'empty';
  readonly name: string;
  /** How many values in quotes there are. */
  readonly attributes: number;
  /** Behind it. */
  readonly end: number;
}

const QUOTE_OR_END = /["'<>]/g;
const NAME = /[^\s/<>"'=]+/y;

function readTag(xml: string, start: number): Tag {
  const sign = xml[start + 1];
  if (sign === '!' || sign === '?') throw new SamlRefused('markup-forbidden');
  const isEnd = sign === '/';
  NAME.lastIndex = start + (isEnd ? 2 : 1);
  const name = NAME.exec(xml)?.[0];
  if (name === undefined) throw new SamlRefused('xml-invalid');
  let attributes = 0;
  QUOTE_OR_END.lastIndex = NAME.lastIndex;
  for (let found = QUOTE_OR_END.exec(xml); found !== null && found[0] !== '<'; found = QUOTE_OR_END.exec(xml)) {
    const end = found.index + 1;
    if (found[0] === '>') {
      const kind = isEnd ? 'end' : xml[found.index - 1] === '/' ? 'empty' : 'start';
      return { kind, name, attributes, end };
    }
    const closing = xml.indexOf(found[0], end);
    // XML 1.0 §2.3: where one reader sees a value, another one would see a tag.
    if (closing === -1 || xml.slice(end, closing).includes('<')) break;
    attributes += 1;
    QUOTE_OR_END.lastIndex = closing + 1;
  }
  throw new SamlRefused('xml-invalid');
}

function endOfComment(xml: string, start: number): number {
  const end = xml.indexOf('-->', start + 4);
  if (end === -1) throw new SamlRefused('xml-invalid');
  return end + 3;
}

function demandReferences(xml: string): void {
  for (let at = xml.indexOf('&'); at !== -1; at = xml.indexOf('&', at + 1)) {
    REFERENCE.lastIndex = at;
    const found = REFERENCE.exec(xml);
    if (found === null) throw new SamlRefused('markup-forbidden');
    const [, decimal, hexadecimal] = found;
    if (decimal !== undefined) demandCharacter(Number.parseInt(decimal, 10));
    if (hexadecimal !== undefined) demandCharacter(Number.parseInt(hexadecimal, 16));
  }
}

function demandCharacter(codePoint: number): void {
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  if (codePoint > 0x10_ffff || isSurrogate || NO_XML_CHARACTER.test(String.fromCodePoint(codePoint)))
    throw new SamlRefused('xml-invalid');
}
