import type { StoreSettings } from '../stores.js';

/** What a thread that makes or checks leaves is started with. */
export type LeafThreadSettings = Pick<StoreSettings, 'data' | 'database' | 'eventStore'>;

/** What the thread that makes leaves says. */
export type FromLeafThread =
  /** So many leaves there are now, and whether there is more in the log already. */
  | { readonly type: 'advanced'; readonly size: number; readonly isBehind: boolean }
  /** It ends. */
  | { readonly type: 'failed'; readonly name: string; readonly message: string };
