import type { RebuildFailure, RebuildOrder } from '#domain/projection/projection-control.js';
import type { ParkedEventRow } from '#read-models/parked-event.js';
import type { StoreSettings } from '../stores.js';

/** What the process that keeps the read models says to the one that rebuilds. */
export type ToRebuild =
  | {
      readonly type: 'begin';
      /** The master key as base64, since a key is not sent. */
      readonly settings: Omit<StoreSettings, 'masterKey'> & { readonly masterKey: string | null };
      readonly projection: string;
      readonly order: RebuildOrder;
      /** The ids of the events that the projection leaves out. */
      readonly skipped: readonly string[];
    }
  /** It is its turn to write. */
  | { readonly type: 'turn' }
  /** It is to end, and will be begun again where it was. */
  | { readonly type: 'stop' };

/** What the one that rebuilds says. */
export type FromRebuild =
  | { readonly type: 'turn-wanted' }
  | { readonly type: 'turn-over' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'parked'; readonly event: ParkedEventRow }
  /** Null: it is done. */
  | { readonly type: 'ended'; readonly failure: RebuildFailure | null };
