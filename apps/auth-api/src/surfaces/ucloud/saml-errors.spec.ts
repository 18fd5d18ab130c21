import { describe, expect, it } from 'vitest';
import { isRecorded } from '#domain/refusal/recorded-refusals.js';
import { SAML_FAULTS } from '#domain/saml/saml-fault.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { IdentityProviderUnavailable } from '../../saml/identity-provider-unavailable.js';
import { answerTo } from './errors.js';

const requestId = `_${'0'.repeat(40)}`;

describe('the answer to a SAML message that is refused', () => {
  const answers = SAML_FAULTS.map((fault) => answerTo(new SamlRefused(fault, requestId, 'https://wayf.example')));

  it('is one of three, whatever was wrong with it', () =>
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(
        [
          [400, 'This is no message of an identity provider.', 'saml-message-invalid'],
          [413, 'The message is too large.', 'saml-message-too-large'],
          [
            401,
            'The message of the identity provider was not accepted. Begin again at the service.',
            'saml-login-refused',
          ],
        ].map(([status, why, errorCode]) => JSON.stringify({ status, body: { why, errorCode } })),
      ),
    ));

  it('is never a fault of ours, and always recorded', () => {
    for (const answer of answers) {
      expect(answer?.status).toBeLessThan(500);
      expect(isRecorded(answer?.body.errorCode ?? '')).toBe(true);
    }
  });
});

describe('the answer where an identity provider cannot be used', () => {
  it('says when to come back, and is not recorded as a refusal', () => {
    const answer = answerTo(new IdentityProviderUnavailable('wayf'));
    expect(answer).toMatchObject({ status: 503, retryAfterSeconds: 60, body: { errorCode: 'saml-unavailable' } });
    expect(isRecorded('saml-unavailable')).toBe(false);
  });
});
