import { describe, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { type InstallationEvent, installation } from './installation.js';

const given = scenario(installation);

const founded: InstallationEvent = { type: 'InstallationFounded', data: { vaultId: 'ours' } };
const facts = { administratorId: asUserId('root'), bootstrapServiceId: null };
const bootstrapped: InstallationEvent = { type: 'InstallationBootstrapped', data: facts };

describe('founding the installation', () => {
  it('binds the log to its vault, also one that is older than this', () => {
    given().when({ type: 'Found', vaultId: 'ours' }).yields(founded);
    given(bootstrapped).when({ type: 'Found', vaultId: 'ours' }).yields(founded);
  });

  it('happens once: another vault cannot take the log over', () => {
    for (const vaultId of ['ours', 'theirs']) given(founded, bootstrapped).when({ type: 'Found', vaultId }).yields();
  });
});

describe('bootstrapping the installation', () => {
  it('happens once', () => {
    given(founded)
      .when({ type: 'Bootstrap', ...facts })
      .yields(bootstrapped);
    given(founded, bootstrapped)
      .when({ type: 'Bootstrap', ...facts })
      .yields();
  });
});
