import { asKeyId } from '#domain/ids.js';
import { KEY_RING, type KeyRing, activeKey, signingKey } from '#domain/signing-key/signing-key.js';
import { systemContext } from '#event-store/envelope.js';
import type { Stores } from '#host/stores.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson, table } from './output.js';
import { ACTOR } from './projection-control.js';
import { until } from './until.js';
import { withStores } from './with-stores.js';

/** `authlog keys list` */
export const list = (json: boolean): Promise<void> =>
  withStores(async (stores) => {
    const lines = asLines(await ringOf(stores), new Date());
    if (json) sayJson(lines);
    else say(lines.length === 0 ? 'There is no key yet: the first API makes one.' : table(COLUMNS, lines));
  });

/** `authlog keys rotate` @throws CannotBeDone if there is nobody to make the key */
export const rotate = (): Promise<void> =>
  withStores(async (stores) => {
    const now = new Date();
    const before = await ringOf(stores);
    const request = { type: 'RequestSigningKeyRotation', now } as const;
    await stores.repository.execute(signingKey, KEY_RING, request, systemContext(now, ACTOR));
    if (before.length === 0) throw new CannotBeDone('There is no key yet: the first API makes one.');
    const { kid, activatesAt } = await until(
      async () => (await ringOf(stores)).findLast((key) => key.activatesAt > now),
      'It is in the log, but nobody has made the key yet: an API makes it when it runs.',
    );
    say(`${kid} signs from ${activatesAt.toISOString()} on; until then verifiers get to know it.`);
  });

/** `authlog keys revoke` @throws CannotBeDone if it is not published */
export const revoke = (kid: string): Promise<void> =>
  withStores(async (stores) => {
    if (!(await ringOf(stores)).some((key) => key.kid === kid))
      throw new CannotBeDone(`No key ${JSON.stringify(kid)} is published: see \`authlog keys list\`.`);
    const context = systemContext(new Date(), ACTOR);
    await stores.repository.execute(signingKey, KEY_RING, { type: 'RevokeSigningKey', kid: asKeyId(kid) }, context);
    say(`What ${kid} signed is void. Clients get other access tokens by refreshing.`);
  });

const COLUMNS = ['kid', 'state', 'signsFrom'];

const ringOf = async ({ repository }: Stores): Promise<KeyRing> => (await repository.load(signingKey, KEY_RING)).state;

function asLines(ring: KeyRing, now: Date) {
  const signing = activeKey(ring, now)?.kid;
  return ring.map(({ kid, activatesAt }) => {
    const state = kid === signing ? 'signs' : activatesAt > now ? 'will sign' : 'verifies';
    return { kid, state, signsFrom: activatesAt.toISOString() };
  });
}
