import { describe, it } from 'vitest';
import { scenario } from '../testing/scenario.js';
import { type AcceptedMessageEvent, acceptedMessage } from './accepted-message.js';

const given = scenario(acceptedMessage);
const accepted: AcceptedMessageEvent = {
  type: 'SamlMessageAccepted',
  data: { acceptableUntil: '2030-01-01T00:05:00.000Z' },
};
const accept = { type: 'AcceptSamlMessage', acceptableUntil: new Date('2030-01-01T00:05:00.000Z') } as const;

describe('a message of an identity provider', () => {
  it('is remembered once it was accepted', () => given().when(accept).yields(accepted));

  it('is not accepted again, whichever request it comes with (SEC-112)', () => {
    given(accepted).when(accept).refusesMessage('assertion-replayed');
    given(accepted)
      .when({ ...accept, requestId: `_${'1'.repeat(40)}` })
      .refusesMessage('assertion-replayed');
  });
});
