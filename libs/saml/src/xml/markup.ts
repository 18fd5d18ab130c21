import { SamlRefused } from '#domain/saml/saml-refused.js';

// A response of the hub has some 150 elements, and is eight deep; one with every group of a person may have many hundred.
const MAX_ELEMENTS = 2_000;
const MAX_ATTRIBUTES = 4_000;
const MAX_ATTRIBUTES_OF_AN_ELEMENT = 32;
const MAX_DEPTH = 32;

const DECLARATION =
  /^<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"utf-8"|'utf-8'))?(?: standalone=(?:"(?:yes|no)"|'(?:yes|no)'))? ?\?>/i;
// XML 1.0 §2.2; surrogates without a partner do not come out of UTF-8.
// eslint-disable-next-line no-control-regex -- that is what it is for
const NO_XML_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const REFERENCE = /&(?:amp|lt|gt|quot|apos|#([0-9]{1,7})|#x([0-9a-f]{1,6}));/iy;

/**
 * Looks at markup before a parser does, in one pass: there are tags, text and the references that need no declaration, and not too
 * many of them. Document types, entities and processing instructions are refused on sight (SEC-110). So are comments and CDATA
 * sections: they split values, which has led to values that were cut, and no provider sends them (SEC-109).
 * @throws SamlRefused `markup-forbidden`, `too-complex`, `xml-invalid`
 */
export function demandSimpleMarkup(xml: string): void {
  if (NO_XML_CHARACTER.test(xml)) throw new SamlRefused('xml-invalid');
  demandReferences(xml);
  let elements = 0;
  let attributes = 0;
  let depth = 0;
  let at = xml.indexOf('<', DECLARATION.exec(xml)?.[0].length ?? 0);
  while (at !== -1) {
    const next = xml[at + 1];
    if (next === '!' || next === '?') throw new SamlRefused('markup-forbidden');
    if (next === '/') {
      depth -= 1;
      at += 1;
    } else {
      const tag = endOfTag(xml, at);
      elements += 1;
      attributes += tag.attributes;
      // There is one root.
      if (depth === 0 && elements > 1) throw new SamlRefused('xml-invalid');
      depth += 1;
      if (
        elements > MAX_ELEMENTS ||
        attributes > MAX_ATTRIBUTES ||
        tag.attributes > MAX_ATTRIBUTES_OF_AN_ELEMENT ||
        depth > MAX_DEPTH
      )
        throw new SamlRefused('too-complex');
      at = tag.end;
      if (xml[at - 1] === '/') depth -= 1;
    }
    at = xml.indexOf('<', at);
  }
}

const QUOTE = /["'<>]/g;

/** @returns where the `>` of a start tag stands, and how many values in quotes there are in front of it */
function endOfTag(xml: string, start: number): { readonly end: number; readonly attributes: number } {
  let attributes = 0;
  QUOTE.lastIndex = start + 1;
  for (let found = QUOTE.exec(xml); found !== null; found = QUOTE.exec(xml)) {
    const [sign] = found;
    if (sign === '>') return { end: found.index, attributes };
    if (sign === '<') break;
    const closing = xml.indexOf(sign, found.index + 1);
    if (closing === -1) break;
    attributes += 1;
    QUOTE.lastIndex = closing + 1;
  }
  throw new SamlRefused('xml-invalid');
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
