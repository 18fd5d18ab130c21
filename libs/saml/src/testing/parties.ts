import type { IdentityProvider, ServiceProvider } from '../parties.js';
import { HUB_OLD_KEY, SP_NEW_KEY, SP_OLD_KEY } from './keys.js';

/** authlog, in the middle of a roll-over of its keys. */
export const TEST_SERVICE_PROVIDER: ServiceProvider = {
  entityId: 'https://authlog.test/saml',
  assertionConsumerUrl: 'https://login.authlog.test/auth/saml/acs',
  singleLogoutUrl: 'https://login.authlog.test/auth/saml/sls',
  keys: [SP_NEW_KEY, SP_OLD_KEY],
};

/** A hub as WAYF is one. */
export const TEST_HUB: IdentityProvider = {
  name: 'hub',
  entityId: 'https://hub.test',
  singleSignOnUrl: 'https://hub.test/sso',
  singleLogoutUrl: 'https://hub.test/slo',
  signingCertificates: [HUB_OLD_KEY.certificate],
  scopes: null,
};
