import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { Stores } from '#host/stores.js';
import { TestApp } from '../testing/test-app.js';
import { ProviderKeys } from './provider-keys.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

it('a key of a provider has 3,072 bits (SEC-81)', async () => {
  const { repository, vault } = app.get(Stores);
  const { publicKey } = await new ProviderKeys(repository, vault).make(asUserId('a-provider'));
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 3_072 });
});
