import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, networksOf } from './client-address.js';

describe('an address', () => {
  for (const [spelling, canonical] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ] as const)
    it(`has one spelling: ${spelling} is ${canonical} (SEC-142)`, () =>
      expect(canonicalAddress(spelling)).toBe(canonical));

  it('is nothing else', () => {
    for (const text of ['', 'localhost', '192.0.2', '192.0.2.07', '192.0.2.7:80', '[::1]', '::1::', '1'.repeat(10_000)])
      expect(canonicalAddress(text)).toBeNull();
  });
});

describe('the networks of an address', () => {
  for (const [address, expected] of [
    ['192.0.2.7', { address: '192.0.2.7', network: '192.0.2.0/24' }],
    ['2001:db8::1', { address: '2001:db8:0:0::/64', network: '2001:db8:0::/48' }],
    ['2001:db8:1:2:3:4:5:6', { address: '2001:db8:1:2::/64', network: '2001:db8:1::/48' }],
    ['::1', { address: '0:0:0:0::/64', network: '0:0:0::/48' }],
    [null, { address: 'unknown', network: 'unknown' }],
  ] as const)
    it(`of ${address ?? 'one that is not known'} are ${expected.address} and ${expected.network} (SEC-22)`, () =>
      expect(networksOf(address)).toEqual(expected));

  it('are the same within an IPv6 /64 and an IPv4 /24, and others beyond (SEC-22, SEC-142)', () =>
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV4(), fc.nat(255), (six, four, last) => {
        const inOne = canonicalAddress(six) ?? '';
        const { address, network } = networksOf(inOne);
        if (!inOne.includes(':')) return;
        const prefix = address.replace('::/64', '');
        expect(prefix.split(':')).toHaveLength(4);
        expect(networksOf(canonicalAddress(`${prefix}:ffff:0:${last}:1`))).toEqual({ address, network });
        const octets = four.split('.');
        const neighbour = [...octets.slice(0, 3), last].join('.');
        expect(networksOf(neighbour).network).toBe(networksOf(four).network);
        expect(networksOf(neighbour).address === networksOf(four).address).toBe(neighbour === four);
      }),
    ));
});
