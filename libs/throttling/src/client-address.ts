import { SocketAddress, isIP, isIPv4 } from 'node:net';

const HEXTETS = 8;

/**
 * An IP address in the one spelling that is used for keys and shown: without a zone, an IPv4 address in IPv6's clothes as
 * itself, IPv6 as in RFC 5952 (SEC-142). Null for anything else.
 */
export function canonicalAddress(text: string): string | null {
  const address = text.replace(/%.*$/s, '');
  const family = isIP(address);
  if (family !== 6) return family === 4 ? address : null;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = canonical.replace(/^::ffff:/, '');
  return isIPv4(mapped) ? mapped : canonical;
}

/** Those that share a budget with an address. */
export interface ClientNetworks {
  /** Who can be taken for one client: an IPv4 address, an IPv6 /64. */
  readonly address: string;
  /** Who can be taken for one owner: an IPv4 /24, an IPv6 /48. */
  readonly network: string;
}

/** @param address a canonical one; null for not known: all of those are one client */
export function networksOf(address: string | null): ClientNetworks {
  if (address === null) return { address: 'unknown', network: 'unknown' };
  if (isIPv4(address)) return { address, network: address.replace(/\.\d+$/, '.0/24') };
  const parts = hextets(address);
  return { address: `${parts.slice(0, 4).join(':')}::/64`, network: `${parts.slice(0, 3).join(':')}::/48` };
}

function hextets(address: string): string[] {
  const [before = [], after = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(Math.max(0, HEXTETS - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after];
}
