import type { RequestSource } from '#domain/refusal/request-source.js';
import { networksOf } from '#throttling/client-address.js';
import type { IdentifierDigest } from '#vault/identifier-digest.js';

/** Where somebody is, as closely as it is known. */
export interface Whereabouts {
  /** A canonical one. */
  readonly ipAddress: string | null;
  /** Who can be taken for one client, and for one owner, as `networksOf` has them. */
  readonly address: string | null;
  readonly network: string | null;
}

const NOWHERE: Whereabouts = { ipAddress: null, address: null, network: null };

/** @param ipAddress a canonical one; null for not known */
export const whereaboutsOf = (ipAddress: string | null): Whereabouts =>
  ipAddress === null ? NOWHERE : { ipAddress, ...networksOf(ipAddress) };

/** As the log keeps it. The digests are those that budgets are counted by. */
export function sourceOf({ ipAddress, address, network }: Whereabouts, digest: IdentifierDigest): RequestSource {
  return {
    addressDigest: address === null ? null : digest.of('address', address),
    networkDigest: network === null ? null : digest.of('network', network),
    ipAddress,
  };
}
