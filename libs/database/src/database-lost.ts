import { isPostgresLost } from './postgres-failure.js';
import { isSqliteLost } from './sqlite-failure.js';

/** Whether an error says that the database cannot be used at this moment: the same may succeed later. */
export const isDatabaseLost = (error: unknown): boolean => isPostgresLost(error) || isSqliteLost(error);
