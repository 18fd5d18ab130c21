import * as fc from 'fast-check';

/** A change of a document, by numbers that fit any document: they are taken modulo what there is. */
export type Mutation = (xml: string) => string;

interface Span {
  readonly start: number;
  readonly end: number;
}

interface ElementSpan extends Span {
  readonly name: string;
  readonly startTagEnd: number;
  readonly endTagStart: number;
}

const TAG = /<(\/?)([^\s/>]+)[^>]*?(\/?)>/g;

/** Where the elements of a document stand; of one that is broken already, what can be made out. */
function elementsIn(xml: string): ElementSpan[] {
  const elements: ElementSpan[] = [];
  const open: { name: string; start: number; startTagEnd: number }[] = [];
  for (const found of xml.matchAll(TAG)) {
    const [tag, slash, name = '', empty] = found;
    const end = found.index + tag.length;
    if (slash === '/') {
      const started = open.pop();
      if (started !== undefined) elements.push({ ...started, end, endTagStart: found.index });
    } else if (empty === '/') elements.push({ name, start: found.index, startTagEnd: end, endTagStart: end, end });
    else open.push({ name, start: found.index, startTagEnd: end });
  }
  return elements;
}

const attributesIn = (xml: string): Span[] =>
  Array.from(xml.matchAll(/ [\w:]+="[^"]*"/g), ({ index, 0: text }) => ({ start: index, end: index + text.length }));

const isSignature = ({ name }: ElementSpan) => name.endsWith(':Signature');
const textOf = (xml: string, { start, end }: Span) => xml.slice(start, end);
const put = (xml: string, at: number, text: string) => xml.slice(0, at) + text + xml.slice(at);
const replace = (xml: string, { start, end }: Span, text: string) => xml.slice(0, start) + text + xml.slice(end);

function pick<Item>(items: readonly Item[], number: number): Item | undefined {
  return items[number % Math.max(items.length, 1)];
}

/** What a change does to one element, with another at hand. */
type ElementChange = (xml: string, element: ElementSpan, other: ElementSpan) => string;

const contains = (outer: Span, inner: Span) => outer.start <= inner.start && inner.end <= outer.end;

/** Takes an element out, and puts it where it is told. */
function move(xml: string, element: ElementSpan, at: number): string {
  if (at > element.start && at < element.end) return xml;
  const text = textOf(xml, element);
  const without = replace(xml, element, '');
  return put(without, at >= element.end ? at - text.length : at, text);
}

const ELEMENT_CHANGES: Readonly<Record<string, ElementChange>> = {
  delete: (xml, element) => replace(xml, element, ''),
  duplicate: (xml, element) => put(xml, element.end, textOf(xml, element)),
  copyInto: (xml, element, other) => put(xml, other.startTagEnd, textOf(xml, element)),
  moveBefore: (xml, element, other) => move(xml, element, other.start),
  moveInto: (xml, element, other) => move(xml, element, other.startTagEnd),
  moveToEndOf: (xml, element, other) => move(xml, element, other.endTagStart),
  unwrap: (xml, element) => replace(xml, element, xml.slice(element.startTagEnd, element.endTagStart)),
  empty: (xml, element) => replace(xml, { start: element.startTagEnd, end: element.endTagStart }, ''),
  wrap: (xml, element, other) =>
    replace(xml, element, `${xml.slice(other.start, other.startTagEnd)}${textOf(xml, element)}</${other.name}>`),
  swap: (xml, element, other) => {
    if (contains(element, other) || contains(other, element)) return xml;
    const [first, second] = element.start < other.start ? [element, other] : [other, element];
    return replace(replace(xml, second, textOf(xml, first)), first, textOf(xml, second));
  },
  rename: (xml, element, other) => rename(xml, element, other.name),
  renamePrefix: (xml, element) => rename(xml, element, element.name.replace(/^\w+:/, 'samlp:')),
};

function rename(xml: string, element: ElementSpan, name: string): string {
  const startTag = `<${name}${xml.slice(element.start + 1 + element.name.length, element.startTagEnd)}`;
  const content = xml.slice(element.startTagEnd, element.endTagStart);
  return replace(xml, element, `${startTag}${content}</${name}>`);
}

const number = fc.nat(0x7fff_ffff);

const elementMutation = fc
  .tuple(fc.constantFrom(...Object.values(ELEMENT_CHANGES)), number, number, fc.boolean())
  .map(([change, first, second, ofSignature]): Mutation => (xml) => {
    const elements = elementsIn(xml);
    const element = pick(ofSignature ? elements.filter(isSignature) : elements, first);
    const other = pick(elements, second);
    return element === undefined || other === undefined ? xml : change(xml, element, other);
  });

const attributeMutation = fc
  .tuple(fc.constantFrom('delete', 'duplicate', 'swap values', 'copy value', 'move'), number, number)
  .map(([change, first, second]): Mutation => (xml) => {
    const attributes = attributesIn(xml);
    const [one, other] = [pick(attributes, first), pick(attributes, second)].toSorted(
      (a, b) => (a?.start ?? 0) - (b?.start ?? 0),
    );
    if (one === undefined || other === undefined || one === other) return xml;
    const [oneText, otherText] = [textOf(xml, one), textOf(xml, other)];
    const valueOf = (text: string) => text.slice(text.indexOf('='));
    const nameOf = (text: string) => text.slice(0, text.indexOf('='));
    switch (change) {
      case 'delete':
        return replace(xml, one, '');
      case 'duplicate':
        return put(xml, one.end, oneText);
      case 'swap values':
        return replace(
          replace(xml, other, nameOf(otherText) + valueOf(oneText)),
          one,
          nameOf(oneText) + valueOf(otherText),
        );
      case 'copy value':
        return replace(xml, other, nameOf(otherText) + valueOf(oneText));
      case 'move':
        return replace(replace(xml, other, otherText + oneText), one, '');
    }
  });

const SIGNS = [
  ...Array.from('<>&"\'/=:;#!?-[] aA0_.\n\t\r\u0000\u00e6\u{1f600}'),
  '&amp;',
  '&#65;',
  '<!-- -->',
  '<![CDATA[x]]>',
];

const characterMutation = fc
  .tuple(fc.constantFrom('replace', 'insert', 'delete'), number, fc.constantFrom(...SIGNS))
  .map(([change, position, sign]): Mutation => (xml) => {
    const at = position % xml.length;
    return replace(xml, { start: at, end: change === 'insert' ? at : at + 1 }, change === 'delete' ? '' : sign);
  });

/** One change, or some one after the other. */
export const mutation: fc.Arbitrary<Mutation> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: elementMutation },
      { weight: 2, arbitrary: attributeMutation },
      { weight: 2, arbitrary: characterMutation },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(
    (changes): Mutation =>
      (xml) =>
        changes.reduce((changed, change) => (changed === '' ? changed : change(changed)), xml),
  );
