import type { PageRequest } from '#read-models/sessions/sessions.queries.js';
import { BadRequest } from '../../bad-request.js';

/** The sizes that pages come in; any other falls back to 50 (ucloud-users-api §12). */
const SIZES: ReadonlySet<number> = new Set([10, 25, 50, 100, 250]);
const DEFAULT_SIZE = 50;
const MAX_SIZE = 250;
const MAX_PAGE = 1_000_000;

/** A whole number from the query of a request; null when left out. */
function wholeNumber(name: string, value: unknown, least: number, most: number): number | null {
  if (value === undefined) return null;
  const number = typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new BadRequest('parameter-invalid', `${name} must be a whole number from ${least} to ${most}.`);
  return number;
}

/** @throws BadRequest for numbers that no page can have */
export function pageRequestOf(query: Readonly<Record<string, unknown>>): PageRequest {
  const size = wholeNumber('itemsPerPage', query['itemsPerPage'], 1, MAX_SIZE);
  const number = wholeNumber('page', query['page'], 0, MAX_PAGE);
  return { number: number ?? 0, size: size !== null && SIZES.has(size) ? size : DEFAULT_SIZE };
}
