import { WAYF_ATTRIBUTES } from '../person/attribute-map.js';
import type { ProviderPreset } from './provider-preset.js';

/** The hub of the Danish and North Atlantic institutions, as of 2026 (wayf-saml §1.2); its metadata says the rest. */
export const WAYF: ProviderPreset = {
  entityId: 'https://wayf.wayf.dk',
  metadataUrl: 'https://metadata.wayf.dk/wayf-metadata.xml',
  attributes: WAYF_ATTRIBUTES,
  // REFEDS MFA, and what Microsoft's servers say at institutions that log in with them.
  secondFactorContexts: ['https://refeds.org/profile/mfa', 'http://schemas.microsoft.com/claims/multipleauthn'],
};
