import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignedHead } from '#domain/sealing/sealing.js';
import { canonicalJson } from '#sealing/canonical-json.js';
import { includes, isConsistent } from '#sealing/merkle-tree.js';
import type { ConsistencyProof, InclusionProof, PublishedKey } from '#sealing/sealed-log.js';
import { TestApp, refusal } from '../testing/test-app.js';

/** A head is signed ten seconds after the one before at the latest. */
const SOON = { timeout: 20_000, interval: 100 };

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await TestApp.start();
  token = await app.asAdmin();
});
afterAll(() => app.close());

const get = (path: string) => app.call('GET', `/audit/${path}`, { token });
const bytes = (text: string) => Buffer.from(text, 'base64url');

describe('what was sealed (SEC-155)', () => {
  it('is proved to whoever has the key, with nothing but what is answered', async () => {
    await expect.poll(async () => (await get('heads/latest')).status, SOON).toBe(200);
    const { head, signature } = (await get('heads/latest')).json as unknown as SignedHead;
    const [key] = (await get('keys')).json['items'] as PublishedKey[];
    const publicKey = createPublicKey(key?.pem ?? '');
    expect(verify(null, Buffer.from(canonicalJson(head)), publicKey, bytes(signature))).toBe(true);

    const proof = (await get(`proofs/inclusion?position=2&size=${head.size}`)).json as unknown as InclusionProof;
    const tree = { size: head.size, root: bytes(head.rootHash) };
    const leaf = { index: proof.index, hash: bytes(proof.leafHash) };
    expect(includes(tree, leaf, proof.path.map(bytes))).toBe(true);

    const { items } = (await get('heads?limit=1')).json as unknown as { items: SignedHead[] };
    const first = { size: items[0]?.head.size ?? 0, root: bytes(items[0]?.head.rootHash ?? '') };
    const consistency = (await get(`proofs/consistency?first=${first.size}&second=${head.size}`)).json;
    const { path } = consistency as unknown as ConsistencyProof;
    expect(isConsistent(first, tree, path.map(bytes))).toBe(true);
  });

  it('is not proved where it cannot be', async () => {
    expect(await get('proofs/inclusion?position=99999')).toMatchObject(refusal('position-not-sealed', 404));
    expect(await get('proofs/inclusion?position=1&size=99999')).toMatchObject(refusal('tree-size-unknown', 400));
    expect(await get('proofs/consistency?first=99999')).toMatchObject(refusal('tree-size-unknown', 400));
    for (const wrong of [
      'proofs/inclusion',
      'proofs/inclusion?position=-1',
      'proofs/consistency?first=0',
      'heads?limit=0',
    ])
      expect(await get(wrong)).toMatchObject(refusal('parameter-invalid'));
  });
});
