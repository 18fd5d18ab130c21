/** Bytes that an id is made of: as many as make guessing one hopeless (SAML core §1.3.4). */
export const MESSAGE_ID_BYTES = 20;

/** `_` and 40 hexadecimal digits: the id of a message of ours. An XML id must not begin with a digit. @param random 20 bytes */
export const messageId = (random: Uint8Array): string => `_${Buffer.from(random).toString('hex')}`;
