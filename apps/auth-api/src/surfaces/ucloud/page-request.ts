import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { PageRequest } from '#read-models/sessions/sessions.queries.js';
import { type QueryParameters, wholeNumber } from './query-parameters.js';

/** The sizes that pages come in; any other falls back to 50 (ucloud-users-api §12). */
const SIZES = [10, 25, 50, 100, 250];
const DEFAULT_SIZE = 50;
const MAX_SIZE = 250;
const MAX_PAGE = 1_000_000;

/** Describes what `pageSizeOf` reads. */
export const ApiPageSize = () =>
  ApiQuery({ name: 'itemsPerPage', required: false, schema: { type: 'integer', enum: SIZES, default: DEFAULT_SIZE } });

/** Describes what `pageRequestOf` reads. */
export const ApiPageRequest = () =>
  applyDecorators(
    ApiPageSize(),
    ApiQuery({ name: 'page', required: false, schema: { type: 'integer', minimum: 0, default: 0 } }),
  );

/** @throws BadRequest for a number that no page can have */
export function pageSizeOf(query: QueryParameters): number {
  const size = wholeNumber(query, 'itemsPerPage', 1, MAX_SIZE);
  return size !== null && SIZES.includes(size) ? size : DEFAULT_SIZE;
}

/** @throws BadRequest for numbers that no page can have */
export function pageRequestOf(query: QueryParameters): PageRequest {
  const size = pageSizeOf(query);
  return { number: wholeNumber(query, 'page', 0, MAX_PAGE) ?? 0, size };
}
