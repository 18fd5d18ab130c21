import { describe, it } from 'vitest';
import { asCredentialId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { type Head, type SealingEvent, sealing } from './sealing.js';

const given = scenario(sealing);
const firstKey = { keyId: 'first', credentialId: asCredentialId('c1') };
const secondKey = { keyId: 'second', credentialId: asCredentialId('c2') };
const begun: SealingEvent = { type: 'SealingBegun', data: { ...firstKey, publicKey: 'p1' } };

const first: Head = {
  number: 1,
  log: 'first',
  size: 10,
  rootHash: 'r10',
  position: '12',
  at: '2030-01-01T00:00:00.000Z',
  previousHead: null,
  keyId: 'first',
  nextKey: null,
};
const second: Head = { ...first, number: 2, size: 20, rootHash: 'r20', position: '22', previousHead: 'h1' };
const sealed = (head: Head, nextKey: typeof secondKey | null = null): SealingEvent => ({
  type: 'LogSealed',
  data: { head, signature: 's', headHash: `h${head.number}`, nextKey },
});
const seal = (head: Head, nextKey: typeof secondKey | null = null) =>
  ({ type: 'SealLog', signed: { head, signature: 's' }, headHash: `h${head.number}`, nextKey }) as const;
const begin = { type: 'BeginSealing', ...firstKey, publicKey: 'p1' } as const;

describe('the heads of the log (SEC-155)', () => {
  it('begin once, with the first key', () => {
    given().when(begin).yields(begun);
    given(begun)
      .when({ ...begin, keyId: 'another' })
      .yields();
  });

  it('follow each other', () => {
    given(begun).when(seal(first)).yields(sealed(first));
    given(begun, sealed(first)).when(seal(second)).yields(sealed(second));
  });

  it.each<[string, Partial<Head>]>([
    ['has the number of another one', { number: 1 }],
    ['leaves one out', { number: 3 }],
    ['is of another log', { log: 'another' }],
    ['names another one before it', { previousHead: 'h0' }],
    ['is signed by another key', { keyId: 'second' }],
    ['seals nothing more', { size: 10 }],
    ['seals less', { size: 9 }],
    ['ends before the one before it', { position: '11' }],
    ['is older', { at: '2029-12-31T23:59:59.999Z' }],
  ])('are refused where one %s', (_, wrong) =>
    given(begun, sealed(first))
      .when(seal({ ...second, ...wrong }))
      .refuses('head-out-of-order'),
  );

  it('are refused before there is a key', () => given().when(seal(first)).refuses('head-out-of-order'));

  it('are signed by another key once a head has named it, which may seal nothing else', () => {
    const handover: Head = { ...second, size: 10, rootHash: 'r10', position: '12', nextKey: 'p2' };
    given(begun, sealed(first)).when(seal(handover, secondKey)).yields(sealed(handover, secondKey));
    const third: Head = { ...second, number: 3, previousHead: 'h2', keyId: 'second' };
    const before = [begun, sealed(first), sealed(handover, secondKey)] as const;
    given(...before)
      .when(seal(third))
      .yields(sealed(third));
    given(...before)
      .when(seal({ ...third, keyId: 'first' }))
      .refuses('head-out-of-order');
  });
});
