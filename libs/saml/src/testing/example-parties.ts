import type { IdentityProvider, ServiceProvider } from '../parties.js';
import { HUB_NEW_KEY, HUB_OLD_KEY, SP_NEW_KEY, SP_OLD_KEY } from './keys.js';

/** authlog at an address of its own, with a key that comes and one that goes. */
export const EXAMPLE_SP: ServiceProvider = {
  entityId: 'https://auth.example.org/saml',
  assertionConsumerUrl: 'https://auth.example.org/auth/saml/acs',
  singleLogoutUrl: 'https://auth.example.org/auth/saml/sls',
  keys: [SP_NEW_KEY, SP_OLD_KEY],
};

/** A hub in its roll-over. */
export const EXAMPLE_HUB: IdentityProvider = {
  name: 'wayf',
  entityId: 'https://wayf.wayf.dk',
  singleSignOnUrl: 'https://wayf.wayf.dk/saml2/idp/SSOService2.php',
  singleLogoutUrl: 'https://wayf.wayf.dk/saml2/idp/SingleLogoutService.php',
  signingCertificates: [HUB_OLD_KEY.certificate, HUB_NEW_KEY.certificate],
  scopes: null,
};
