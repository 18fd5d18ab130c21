import { describe, expect, it } from 'vitest';
import { addressKey, addressRange } from './address-range.js';

const holds = (network: string, address: string) => {
  const [range, key] = [addressRange(network), addressKey(address)];
  return range !== null && key !== null && range.first <= key && key <= range.last;
};

describe('a network', () => {
  it('holds its addresses and no others', () => {
    for (const [network, inside, outside] of [
      ['192.0.2.0/24', '192.0.2.255', '192.0.3.0'],
      ['192.0.2.77/24', '192.0.2.0', '192.0.1.255'],
      ['192.0.2.7', '192.0.2.7', '192.0.2.8'],
      ['10.0.0.0/8', '10.255.255.255', '11.0.0.0'],
      ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::'],
      ['2001:db8::7', '2001:db8::7', '2001:db8::8'],
      ['0.0.0.0/0', '255.255.255.255', '2001:db8::1'],
    ] as const) {
      expect([network, holds(network, inside)]).toEqual([network, true]);
      expect([network, holds(network, outside)]).toEqual([network, false]);
    }
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      'x',
      '192.0.2',
      '192.0.2.0/33',
      '192.0.2.0/-1',
      '192.0.2.0/',
      '192.0.2.0/8/8',
      '::/129',
      '/8',
    ])
      expect([text, addressRange(text)]).toEqual([text, null]);
    expect(addressKey('somewhere')).toBeNull();
  });
});
