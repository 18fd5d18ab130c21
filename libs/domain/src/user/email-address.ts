import { Refused } from '../refused.js';
import { INVISIBLE } from './invisible.js';

/** Octets of UTF-8: what mail servers take at least (RFC 5321 §4.5.3.1), and what a label may have (RFC 1035 §2.3.4). */
const MAX_OCTETS = 254;
const MAX_LOCAL_OCTETS = 64;
const MAX_LABEL_OCTETS = 63;

// What forms in browsers take (HTML §4.10.5.1.5), and letters and digits of any script (RFC 6531 §3.3). What has a meaning in
// headers stands in neither: quotes, brackets, commas, colons, white space.
const LOCAL_PART = /^[\p{L}\p{M}\p{Nd}.!#$%&'*+/=?^_`{|}~-]+$/u;
const LABEL = /^[\p{L}\p{M}\p{Nd}-]+$/u;

const octets = (text: string) => new TextEncoder().encode(text).length;

/**
 * An address of one mailbox, without a name or a comment around it, that is safe in the header of a mail (SEC-169). A domain
 * may have a single label.
 * @throws Refused `email-invalid`
 */
export function demandEmail(email: string): void {
  if (email.length > MAX_OCTETS) throw tooLong();
  if (INVISIBLE.test(email)) throw refuse('The e-mail address contains a line break or another invisible character.');
  // Also in the form that addresses are compared in: some letters come apart into what no address may have.
  for (const form of [email, email.normalize('NFKC')]) demandGrammar(form);
}

export function isEmail(text: string): boolean {
  try {
    demandEmail(text);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

function demandGrammar(email: string): void {
  if (octets(email) > MAX_OCTETS) throw tooLong();
  const [local = '', domain, ...more] = email.split('@');
  if (local === '' || domain === undefined || domain === '' || more.length > 0)
    throw refuse('The e-mail address is not of the form name@domain.');
  if (!LOCAL_PART.test(local))
    throw refuse('The e-mail address contains a sign before the @ that is not allowed there.');
  if (octets(local) > MAX_LOCAL_OCTETS)
    throw refuse(`The e-mail address has more than ${MAX_LOCAL_OCTETS} bytes before the @.`);
  if (!domain.split('.').every(isLabel)) throw refuse('The domain of the e-mail address is not a domain name.');
}

const isLabel = (label: string) =>
  LABEL.test(label) && !label.startsWith('-') && !label.endsWith('-') && octets(label) <= MAX_LABEL_OCTETS;

const refuse = (why: string) => new Refused('email-invalid', why);
const tooLong = () => refuse(`The e-mail address is longer than ${MAX_OCTETS} bytes.`);
