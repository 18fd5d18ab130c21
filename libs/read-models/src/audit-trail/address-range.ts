import ipaddr from 'ipaddr.js';

/** IPv6 addresses, and IPv4 ones in their clothes, in the order of their numbers: 32 hexadecimal digits. */
export type AddressKey = string;

/** All addresses of a network, or one. */
export interface AddressRange {
  readonly first: AddressKey;
  readonly last: AddressKey;
}

const BITS = 128;
/** In front of an IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2). */
const MAPPED = 96;

/** @param address a canonical one; null for anything else */
export function addressKey(address: string): AddressKey | null {
  return ipaddr.isValid(address) ? hex(numberOf(address)) : null;
}

/** Of an address such as `192.0.2.7`, or a network such as `192.0.2.0/24` or `2001:db8::/32`; null for anything else. */
export function addressRange(text: string): AddressRange | null {
  const [address = '', length, ...more] = text.split('/');
  const isFour = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (more.length > 0 || (!isFour && !ipaddr.IPv6.isValid(address))) return null;
  const most = isFour ? BITS - MAPPED : BITS;
  if (length !== undefined && !(/^[0-9]{1,3}$/.test(length) && Number(length) <= most)) return null;
  const free = BigInt(most - Number(length ?? most));
  const first = (numberOf(address) >> free) << free;
  return { first: hex(first), last: hex(first + (1n << free) - 1n) };
}

function numberOf(address: string): bigint {
  const parsed = ipaddr.parse(address);
  const bytes = (parsed instanceof ipaddr.IPv4 ? parsed.toIPv4MappedAddress() : parsed).toByteArray();
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

const hex = (number: bigint): AddressKey => number.toString(16).padStart(BITS / 4, '0');
