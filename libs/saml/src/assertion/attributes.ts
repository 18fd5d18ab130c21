import { attributeOf, childElements, childrenNamed, isNamed, SAML, textOf } from '../xml/elements.js';

/**
 * By the Name of each: what stands in the values, without white space around it. Values without text are left out, as are those
 * that are made of other elements; a NameID in a value is its text, for so the eduPersonTargetedID is written by some.
 */
export function readAttributes(assertion: Element): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, string[]>();
  for (const statement of childrenNamed(assertion, SAML, 'AttributeStatement'))
    for (const attribute of childrenNamed(statement, SAML, 'Attribute')) {
      const name = attributeOf(attribute, 'Name') ?? '';
      const values = childrenNamed(attribute, SAML, 'AttributeValue')
        .map(valueOf)
        .filter((value): value is string => value !== null && value !== '');
      if (name !== '' && values.length > 0) attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
    }
  return attributes;
}

function valueOf(value: Element): string | null {
  const [nested, ...more] = childElements(value);
  if (nested === undefined) return textOf(value);
  const nestedText = textOf(nested);
  const isNameIdAlone = more.length === 0 && (value.textContent ?? '').trim() === nestedText;
  return isNamed(nested, SAML, 'NameID') && isNameIdAlone ? nestedText : null;
}
