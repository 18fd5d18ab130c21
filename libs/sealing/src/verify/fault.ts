import type { HeadFault } from '../head-chain.js';

/** What somebody has done to the log, as far as one can see. */
export type LogFaultKind = 'changed' | 'removed' | 'inserted' | 'reordered' | 'cut';

/**
 * What is wrong. Beside what was done to the log and to heads: `leaves-altered`, the log is as it was signed, and the leaves are not;
 * `heads-differ`, a head outside is another one than that of the same number in the log. A bundle can also be `cut-short`, or
 * `damaged` so that it cannot be read.
 */
export type FaultKind = LogFaultKind | HeadFault | 'leaves-altered' | 'heads-differ' | 'cut-short' | 'damaged';

/** The first thing that is wrong. */
export interface Fault {
  readonly kind: FaultKind;
  /** Of the log, a decimal number; null where it is not about a place in it. */
  readonly position: string | null;
  /** What was found, for a person. */
  readonly message: string;
}

/** The one that is first in the log; one that has no place in it counts last. */
export const firstOf = (faults: readonly (Fault | null)[]): Fault | null =>
  faults.reduce((first, fault) => {
    if (first === null || fault === null) return first ?? fault;
    if (fault.position === null) return first;
    return first.position !== null && BigInt(first.position) <= BigInt(fault.position) ? first : fault;
  }, null);
