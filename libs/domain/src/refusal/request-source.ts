import type { Personal } from '../personal.js';

/** Where a request came from that was refused, as the log keeps it. */
export interface RequestSource {
  /** Keyed hash of the client: of an IPv4 address, of an IPv6 /64. Null where it is not known, or several are counted together. */
  readonly addressDigest: string | null;
  /** Keyed hash of the network around it: of a /24, of a /48. */
  readonly networkDigest: string | null;
  /** The address itself, sealed. */
  readonly ipAddress: Personal<string> | null;
}

export const UNKNOWN_SOURCE: RequestSource = { addressDigest: null, networkDigest: null, ipAddress: null };

/** What the subjects begin with whose keys seal addresses and nothing else. */
export const ADDRESS_SUBJECTS = 'addresses-';

/**
 * Whose key seals the addresses of who has not shown who they are: that of the day (UTC). It is destroyed when they are kept no
 * longer, so that what is left of them anywhere, in the last event of a stream or in a back-up of the log, cannot be read.
 * @param time ISO 8601 UTC
 */
export const addressesOn = (time: string) => `${ADDRESS_SUBJECTS}${time.slice(0, 10)}`;
