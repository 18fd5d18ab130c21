import type { EntityMetadata } from 'typeorm';

/**
 * Which tables of a version of a projection: those that are read, those that a rebuild fills beside them, those that it has
 * replaced, and those that nobody needs any more.
 */
export const EDITIONS = ['live', 'next', 'previous', 'discarded'] as const;
export type Edition = (typeof EDITIONS)[number];

/** What a table is called in the database. */
export const tableName = ({ tableName: live }: Pick<EntityMetadata, 'tableName'>, edition: Edition): string =>
  edition === 'live' ? live : `${live}_${edition}`;
