/** What a character is written as where it would mean something in markup, or would not come through a parser as it is. */
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** As text and as the value of an attribute in double quotes. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? '');

/** An element that is written, not yet escaped text, or nothing. */
export type Content = Markup | string | null;

/** Markup that is ready to be sent. A class, so that no text is taken for it. */
export class Markup {
  constructor(readonly text: string) {}
}

/** An element with its attributes, those that are null left out, and what is in it. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | null>>,
  ...content: readonly Content[]
): Markup {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === null ? '' : ` ${key}="${escapeXml(value)}"`,
  );
  const inside = content.map((each) => (each instanceof Markup ? each.text : escapeXml(each ?? '')));
  const opening = `<${name}${written.join('')}`;
  return new Markup(content.length === 0 ? `${opening}/>` : `${opening}>${inside.join('')}</${name}>`);
}
