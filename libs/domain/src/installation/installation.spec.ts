import { describe, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { type InstallationEvent, installation } from './installation.js';

const given = scenario(installation);

const facts = { administratorId: asUserId('root'), bootstrapServiceId: null };
const bootstrapped: InstallationEvent = { type: 'InstallationBootstrapped', data: facts };

describe('bootstrapping the installation', () => {
  it('happens once', () => {
    given()
      .when({ type: 'Bootstrap', ...facts })
      .yields(bootstrapped);
    given(bootstrapped)
      .when({ type: 'Bootstrap', ...facts })
      .yields();
  });
});
