import { isPostgresFull, isPostgresLost } from './postgres-failure.js';
import { isSqliteFull, isSqliteLost } from './sqlite-failure.js';

/** Whether an error says that the database cannot be used at this moment: the same may succeed later. */
export const isDatabaseLost = (error: unknown): boolean => isPostgresLost(error) || isSqliteLost(error);

/** Whether an error says that the database has no room for more. */
export const isDatabaseFull = (error: unknown): boolean => isPostgresFull(error) || isSqliteFull(error);
