import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { DEVICE_MS, DeviceTokens } from './device-token.js';

const tokens = new DeviceTokens(Buffer.alloc(32, 7));
const [ada, eve] = [asUserId('ada'), asUserId('eve')];
const now = new Date('2030-01-01T00:00:00.000Z');
const later = (ms: number) => new Date(now.getTime() + ms);

describe('a device token', () => {
  it('tells the device that has logged in to the account it was issued for (SEC-21)', () => {
    const token = tokens.issue(ada, now);
    expect(token).toMatch(/^[0-9a-f-]{36}\.1893456000\.[A-Za-z0-9_-]{43}$/);
    expect(tokens.deviceOf(token, ada, now)).toBe(token.slice(0, 36));
    expect(new DeviceTokens(Buffer.alloc(32, 7)).deviceOf(token, ada, now)).toBe(token.slice(0, 36));
  });

  it('is another device each time', () => expect(tokens.issue(ada, now)).not.toBe(tokens.issue(ada, now)));

  it('is nothing to another account or another installation', () => {
    const token = tokens.issue(ada, now);
    expect(tokens.deviceOf(token, eve, now)).toBeNull();
    expect(new DeviceTokens(Buffer.alloc(32, 8)).deviceOf(token, ada, now)).toBeNull();
  });

  it('is good for ninety days', () => {
    const token = tokens.issue(ada, now);
    expect(tokens.deviceOf(token, ada, later(DEVICE_MS - 1))).not.toBeNull();
    expect(tokens.deviceOf(token, ada, later(DEVICE_MS))).toBeNull();
  });

  it('is no altered one, wherever it was altered', () => {
    const token = tokens.issue(ada, now);
    for (let at = 0; at < token.length; at += 1) {
      const altered = `${token.slice(0, at)}${token[at] === '0' ? '1' : '0'}${token.slice(at + 1)}`;
      expect([at, tokens.deviceOf(altered, ada, now)]).toEqual([at, null]);
    }
    const [device = '', issuedAt = '', mac = ''] = token.split('.');
    for (const altered of [`${device}.0${issuedAt}.${mac}`, `${device}.${issuedAt}.${mac}=`, ` ${token}`, `${token}\n`])
      expect(tokens.deviceOf(altered, ada, now)).toBeNull();
  });

  it('is no other text, of any length', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000 }), (text) => {
        expect(tokens.deviceOf(text, ada, now)).toBeNull();
      }),
    ));
});
