import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignedHead } from '#domain/sealing/sealing.js';
import { LOG_START } from '#event-store/event-store.js';
import { Stores } from '#host/stores.js';
import { canonicalJson } from '#sealing/canonical-json.js';
import { leavesBetween } from '#sealing/leaves-between.js';
import { includes, isConsistent } from '#sealing/merkle-tree.js';
import { Sealer } from '#sealing/sealer.js';
import type { ConsistencyProof, InclusionProof, PublishedKey } from '#sealing/sealed-log.js';
import { TestApp, refusal } from '../testing/test-app.js';

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await TestApp.start();
  token = await app.asAdmin();
});
afterAll(() => app.close());

const get = (path: string) => app.call('GET', `/audit/${path}`, { token });
const bytes = (text: string) => Buffer.from(text, 'base64url');

/** As the service does ten seconds after its start. */
async function seal(): Promise<void> {
  const { eventStore, leaves, repository, vault: keys } = app.get(Stores);
  const all = await leavesBetween(eventStore, LOG_START, await eventStore.head());
  const { size } = await leaves.append(await leaves.end(), all);
  await new Sealer({ leaves, repository, keys, now: () => app.clock.now() }).seal(size);
}

describe('what was sealed (SEC-155)', () => {
  it('is proved to whoever has the key, with nothing but what is answered', async () => {
    expect(await get('heads/latest')).toMatchObject(refusal('nothing-sealed', 404));
    await seal();
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
