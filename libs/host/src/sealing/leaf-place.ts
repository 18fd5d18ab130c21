import { join } from 'node:path';
import type { Place } from '#database/place.js';
import type { StoreSettings } from '../stores.js';

/** Where the leaves of the log are. */
export const leafPlace = ({ data, database }: Pick<StoreSettings, 'data' | 'database'>): Place =>
  database === null ? { file: join(data, 'leaves.db') } : { server: database, schema: 'authlog_leaves' };
