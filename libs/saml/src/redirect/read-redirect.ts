import { inflateRawSync } from 'node:zlib';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { isSignedBy, SIGNATURE_ALGORITHMS } from '../rsa-signature.js';

/** A message as it came in the query of an address; nothing of it is verified yet. */
export interface ReceivedRedirect {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse';
  /** The message, inflated. */
  readonly xml: string;
  readonly relayState: string | null;
  /** Whether a key of these certificates, PEM, has signed this very query. */
  isSignedBy(certificates: readonly string[]): boolean;
}

const PARAMETERS = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature'] as const;
type Parameter = (typeof PARAMETERS)[number];

/** As much as a message of the largest size could come to, deflated badly and encoded. */
const MAX_QUERY_CHARACTERS = 65_536;
/** No logout message comes near it, inflated. */
const MAX_MESSAGE_BYTES = 40_000;
/** SAML bindings §3.4.3. */
export const MAX_RELAY_STATE_BYTES = 80;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Takes the query apart, once: what is verified and what is read are the same characters. Whoever has another parser find the message
 * gets one that nobody has signed (CVE-2025-27773). A signature must be there.
 *
 * @param rawQuery what stands behind the `?`, as it came
 * @throws SamlRefused
 */
export function readRedirect(rawQuery: string): ReceivedRedirect {
  if (rawQuery.length > MAX_QUERY_CHARACTERS) throw new SamlRefused('too-large');
  const raw = takeApart(rawQuery);
  const parameter = raw.has('SAMLRequest') ? 'SAMLRequest' : 'SAMLResponse';
  const message = raw.get(parameter);
  if (message === undefined || (raw.has('SAMLRequest') && raw.has('SAMLResponse')))
    throw new SamlRefused('form-malformed');
  const algorithm = decode(raw.get('SigAlg') ?? '');
  const encodedSignature = decode(raw.get('Signature') ?? '');
  if (encodedSignature === '' || algorithm === '') throw new SamlRefused('signature-missing');
  if (!SIGNATURE_ALGORITHMS.has(algorithm)) throw new SamlRefused('algorithm-not-allowed');
  const relayState = raw.get('RelayState');
  const signature = bytesOf(encodedSignature);
  const text = SIGNED.flatMap((name) => (raw.has(name) ? [`${name}=${raw.get(name)}`] : [])).join('&');
  return {
    parameter,
    xml: inflate(bytesOf(decode(message))),
    relayState: relayState === undefined ? null : decodeRelayState(relayState),
    isSignedBy: (certificates) => isSignedBy(certificates, { text, algorithm, signature }),
  };
}

/** In the order in which they are signed, wherever they stand. */
const SIGNED: readonly Parameter[] = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg'];

/** Each at most once, spelled literally, and no other; their values as they came. */
function takeApart(rawQuery: string): ReadonlyMap<Parameter, string> {
  const raw = new Map<Parameter, string>();
  // One more than there can be: a query of many is not taken apart to its end.
  for (const part of rawQuery.split('&', PARAMETERS.length + 1)) {
    const [, written, value = ''] = /^([A-Za-z]+)=(.*)$/s.exec(part) ?? [];
    const name = PARAMETERS.find((known) => known === written);
    if (name === undefined || raw.has(name)) throw new SamlRefused('form-malformed');
    raw.set(name, value);
  }
  return raw;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    throw new SamlRefused('form-malformed');
  }
}

function decodeRelayState(value: string): string {
  const relayState = decode(value);
  if (Buffer.byteLength(relayState) > MAX_RELAY_STATE_BYTES) throw new SamlRefused('form-malformed');
  return relayState;
}

function bytesOf(base64: string): Buffer {
  if (!BASE64.test(base64) || base64.length % 4 !== 0) throw new SamlRefused('encoding-invalid');
  return Buffer.from(base64, 'base64');
}

/** No more than a message may have, however small it was deflated to (SEC-110). */
function inflate(deflated: Buffer): string {
  try {
    const inflated = inflateRawSync(deflated, { maxOutputLength: MAX_MESSAGE_BYTES });
    return new TextDecoder('utf-8', { fatal: true }).decode(inflated);
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new SamlRefused(isTooLarge ? 'too-large' : 'encoding-invalid');
  }
}
