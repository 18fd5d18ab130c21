// SAML core §1.3.3: in UTC, and without any other designation of a time zone.
const UTC_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z$/;

/** An xs:dateTime as SAML writes it. @returns null for anything else, also for days that no month has, and for null */
export function utcTime(text: string | null): Date | null {
  const seconds = text === null ? undefined : UTC_TIME.exec(text)?.[1];
  if (text === null || seconds === undefined) return null;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(seconds) ? time : null;
}
