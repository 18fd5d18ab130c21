import { ValidateBy, buildMessage } from 'class-validator';

/** `http://` or `https://`, and nothing that does not belong into an address of ours. */
export function isWebUrl(text: unknown): text is string {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

export const isLoopback = (host: string) => ['127.0.0.1', '::1', '[::1]', 'localhost'].includes(host);

/** A rule of a setting, in the words that follow its path in the message. */
export const must = (name: string, rule: string, validate: (value: unknown) => boolean, each = false) =>
  ValidateBy({ name, validator: { validate, defaultMessage: buildMessage(() => `must be ${rule}`) } }, { each });
