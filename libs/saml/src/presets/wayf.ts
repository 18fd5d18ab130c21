import { STANDARD_ATTRIBUTES } from './attribute-names.js';
import type { ProviderPreset } from './provider-preset.js';

/** The hub of the Danish and North Atlantic institutions, as of 2026 (wayf-saml §1.2); its metadata says the rest. */
export const WAYF: ProviderPreset = {
  entityId: 'https://wayf.wayf.dk',
  metadataUrl: 'https://metadata.wayf.dk/wayf-metadata.xml',
  attributes: STANDARD_ATTRIBUTES,
  // REFEDS MFA, and what Microsoft's servers say at institutions that log in with them.
  secondFactorContexts: ['https://refeds.org/profile/mfa', 'http://schemas.microsoft.com/claims/multipleauthn'],
};

/** Who vouches for accounts that people made themselves. */
export const WAYF_ORPHANAGE = 'https://orphanage.wayf.dk';
/** Who vouches for people as persons, whatever institution they belong to. */
export const WAYF_NEMLOGIN = 'https://nemlogin.wayf.dk';
/** How principal names that come from there end. */
export const NEMLOGIN_SCOPE = 'sikker-adgang.dk';
