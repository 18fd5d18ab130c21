import type { AttributeMap } from '../person/attribute-map.js';

/** What is known of an identity provider, so that settings need not say it. */
export interface ProviderPreset {
  readonly entityId: string;
  /** Of a signed feed that it is in. */
  readonly metadataUrl: string;
  readonly attributes: AttributeMap;
  /** Values of AuthnContextClassRef that mean a second factor. */
  readonly secondFactorContexts: readonly string[];
}
