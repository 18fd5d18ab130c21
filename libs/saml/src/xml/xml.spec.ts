import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { childrenNamed, textOf } from './elements.js';
import { MESSAGE_LIMITS } from './markup.js';
import { parseXml } from './parse-xml.js';
import { element } from './write-xml.js';

/** As for messages, and with comments. */
const LIMITS = { ...MESSAGE_LIMITS, comments: 'passed over' } as const;
const faultOf = (text: string): string => {
  try {
    parseXml(text, LIMITS);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(SamlRefused);
    return (error as SamlRefused).fault;
  }
};

describe('a document', () => {
  it('is read with its declaration, its comments and the five entities', () => {
    const root = parseXml(
      `<?xml version="1.0" encoding="UTF-8"?>\n<!-- a & b --><x:a xmlns:x="urn:x" y='>'><x:b>1 &lt;<!-- - -->2&#xE6;</x:b></x:a>\n`,
      LIMITS,
    );
    expect(root.getAttribute('y')).toBe('>');
    const [b] = childrenNamed(root, 'urn:x', 'b');
    expect(b === undefined ? null : textOf(b)).toBe('1 <2æ');
  });

  for (const [what, text, fault] of [
    ['a DOCTYPE', '<!DOCTYPE a><a/>', 'markup-forbidden'],
    ['a DOCTYPE with entities', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 'markup-forbidden'],
    ['a parameter entity', '<!DOCTYPE a [<!ENTITY % b "c">]><a/>', 'markup-forbidden'],
    ['a DOCTYPE behind a comment', '<!-- x --><!DOCTYPE a><a/>', 'markup-forbidden'],
    ['an unknown entity', '<a>&nbsp;</a>', 'markup-forbidden'],
    ['an unknown entity in an attribute', '<a b="&c;"/>', 'markup-forbidden'],
    ['a processing instruction', '<a><?b c?></a>', 'markup-forbidden'],
    ['a CDATA section', '<a><![CDATA[b]]></a>', 'markup-forbidden'],
    ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>', 'markup-forbidden'],
    ['a declaration that does not come first', ' <?xml version="1.0"?><a/>', 'markup-forbidden'],
    ['nothing', '', 'xml-invalid'],
    ['no element', 'a', 'xml-invalid'],
    ['text after the root', '<a/>b', 'xml-invalid'],
    ['a second root', '<a/><b/>', 'xml-invalid'],
    ['an element that does not end', '<a><b></a>', 'xml-invalid'],
    ['a tag that does not end', '<a', 'xml-invalid'],
    ['a comment that does not end', '<a/><!-- ', 'xml-invalid'],
    ['an attribute twice', '<a b="1" b="2"/>', 'xml-invalid'],
    ['an attribute without quotes', '<a b=1/>', 'xml-invalid'],
    ['an attribute without a value', '<a b/>', 'xml-invalid'],
    ['an attribute that does not end', '<a b="/>', 'xml-invalid'],
    ['< in an attribute', '<a b="<c/>"/>', 'xml-invalid'],
    ['a NUL', '<a>\0</a>', 'xml-invalid'],
    ['a reference that XML does not know, and the parser takes for NUL', '<a>&#X41;</a>', 'markup-forbidden'],
    ['a reference to NUL', '<a>&#0;</a>', 'xml-invalid'],
    ['a reference to half a character', '<a>&#xD800;</a>', 'xml-invalid'],
    ['a prefix of no namespace', '<x:a/>', 'xml-invalid'],
    ['text before the root', 'b<a/>', 'xml-invalid'],
    ['text before a comment', 'b<!-- --><a/>', 'xml-invalid'],
    ['too many elements', `<a>${'<b/>'.repeat(2_001)}</a>`, 'too-complex'],
    ['too deep a nesting', '<a>'.repeat(33) + '</a>'.repeat(33), 'too-complex'],
    ['too many attributes', `<a ${Array.from({ length: 33 }, (_, n) => `b${n}="="`).join(' ')}/>`, 'too-complex'],
  ] as const)
    it(`is refused with ${what} (SEC-110)`, () => expect(faultOf(text)).toBe(fault));

  it('is refused with a comment where none is expected (SEC-109)', () =>
    expect(() => parseXml('<a>b<!-- -->c</a>')).toThrow(new SamlRefused('markup-forbidden')));

  it('is refused, whatever it has too much of', () => {
    const hostile = ['<', '<a>', '<!--', '&amp;', '<a b="', '<a/>', 'a="', "<a b='<!--'>"];
    for (const part of hostile) expect(faultOf(part.repeat(199_000 / part.length))).not.toBe('accepted');
  });

  it('is read as it was written, whatever text is in it', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/(?![\t\n\r])\p{Cc}|[\ufffe\uffff\u2028]/u.test(text));
        const root = parseXml(element('a', { b: text }, text).text);
        expect([root.getAttribute('b'), root.textContent]).toEqual([text || '', text]);
      }),
    ));
});
