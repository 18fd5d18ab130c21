import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { ADA_ID, toField } from '../testing/hub-response.js';
import { SP_NEW_KEY } from '../testing/keys.js';
import { mutation } from '../testing/mutants.js';
import { TEST_HUB } from '../testing/parties.js';
import { secondOpinion } from '../testing/second-opinion.js';
import { accept, respondXml } from '../testing/verdict.js';

// Few attributes: what is changed is more often something that matters.
const attributes = {
  eduPersonTargetedID: [ADA_ID],
  eduPersonPrincipalName: ['ada@sdu.dk'],
  schacHomeOrganization: ['sdu.dk'],
};
const encrypt = { certificate: SP_NEW_KEY.certificate };
const originals = [
  respondXml({ attributes }),
  respondXml({ attributes, sign: 'response' }),
  respondXml({ attributes, sign: 'both' }),
  respondXml({ attributes, encrypt }),
];
const MUTANTS = 10_000;

describe('ten thousand mutants of a valid response', () => {
  const identity = accept(toField(originals[0] ?? ''));

  it('are refused, or say what the original says (SEC-109)', () => {
    const faults = new Map<string, number>();
    const verdict = (field: string): string => {
      try {
        return isDeepStrictEqual(accept(field), identity) ? 'same' : 'SOMEBODY ELSE';
      } catch (error) {
        if (error instanceof SamlRefused) return error.fault;
        throw error;
      }
    };
    // Whatever is accepted, node-saml accepts, too.
    const isDoubtful = (mutant: string) => secondOpinion(mutant, TEST_HUB.signingCertificates).includes(null);
    fc.assert(
      fc.property(fc.constantFrom(...originals), mutation, (original, mutate) => {
        const mutant = mutate(original);
        fc.pre(mutant !== original);
        const said = verdict(toField(mutant));
        faults.set(said, (faults.get(said) ?? 0) + 1);
        return said !== 'SOMEBODY ELSE' && (said !== 'same' || !isDoubtful(mutant));
      }),
      { seed: 7, numRuns: MUTANTS },
    );

    // They get past the parser, and some of them are good, for not all is signed.
    expect(faults.get('same')).toBeGreaterThan(MUTANTS / 100);
    expect(faults.get('signature-wrong')).toBeGreaterThan(MUTANTS / 20);
    expect(faults.size).toBeGreaterThan(15);
  });
});
