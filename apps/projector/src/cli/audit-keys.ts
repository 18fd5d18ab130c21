import { SealedLog } from '#sealing/sealed-log.js';
import { Sealer } from '#sealing/sealer.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson } from './output.js';
import { withStores } from './with-stores.js';

/** `authlog audit keys` */
export const list = (json: boolean): Promise<void> =>
  withStores(async ({ eventStore, repository, leaves }) => {
    const keys = await new SealedLog(eventStore, repository, leaves).keys();
    if (json) return sayJson(keys);
    if (keys.length === 0) return say('There is no key yet: the service makes one when it first seals the log.');
    for (const { keyId, firstHead, pem } of keys) say(`${keyId}, signs from head ${firstHead} on\n${pem.trimEnd()}`);
  });

/** `authlog audit rotate-key` @throws CannotBeDone if heads are signed too quickly for it */
export const rotate = (): Promise<void> =>
  withStores(async ({ repository, leaves, vault }) => {
    const sealer = new Sealer({ repository, leaves, keys: vault, now: () => new Date() });
    for (let tries = 0; tries < TRIES; tries += 1) {
      const keyId = await sealer.rotateKey();
      if (keyId !== null)
        return say(`${keyId} signs from the next head on. Keep it elsewhere: \`authlog audit keys\` prints it.`);
    }
    throw new CannotBeDone('Heads are being signed too quickly: try again.');
  });

const TRIES = 10;
