import { randomBytes } from 'node:crypto';

/** As many as make guessing an id hopeless (SAML core §1.3.4). */
const BYTES = 20;

/** `_` and 40 hexadecimal digits: the id of a message of ours. An XML id must not begin with a digit. @param random 20 bytes */
export const messageId = (random: Uint8Array = randomBytes(BYTES)): string => `_${Buffer.from(random).toString('hex')}`;
