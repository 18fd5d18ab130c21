import { type AssertedProfile, NOTHING_ASSERTED } from '../user/asserted-profile.js';
import type { FederatedIdentity } from '../user/federation.js';
import type { UserEvent } from '../user/user-events.js';
import { ada } from './users.js';

/** Ada as WAYF knows her. */
export const adaAtWayf: FederatedIdentity = { identityProvider: 'https://wayf.wayf.dk', subject: 'WAYF-DK-ada' };

/** What WAYF says of her. */
export const adaAsserted: AssertedProfile = {
  ...NOTHING_ASSERTED,
  firstNames: 'Ada',
  lastName: 'Lovelace',
  mails: ['ada@example.org'],
  organizationId: 'example.org',
  primaryAffiliation: 'staff',
  affiliations: ['member', 'staff'],
  assurance: ['2'],
};

/** What WAYF said at a login. */
export const asserted = (more: Partial<AssertedProfile> = {}): UserEvent => ({
  type: 'AssertedProfileChanged',
  data: { userId: ada, ...adaAsserted, ...more },
});

/** Her first login. */
export const adaFederated: readonly UserEvent[] = [
  {
    type: 'UserCreated',
    data: {
      userId: ada,
      kind: 'wayf',
      role: 'USER',
      username: 'AdaLovelace#4821',
      email: null,
      firstNames: null,
      lastName: null,
      organizationId: null,
      credentialId: null,
      registeredBy: 'identity-provider',
    },
  },
  { type: 'IdentityFederated', data: { userId: ada, ...adaAtWayf } },
  asserted(),
];
