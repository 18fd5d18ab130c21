/** `xs:dateTime` in UTC, as SAML has it (core §1.3.3). */
const INSTANT = /^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z$/;

/** The moment that a text names; null for none, or one that is no moment in UTC. */
export function instantOf(text: string | null): Date | null {
  if (text === null || !INSTANT.test(text)) return null;
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? null : instant;
}
