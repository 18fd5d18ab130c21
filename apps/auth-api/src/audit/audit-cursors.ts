import { Injectable } from '@nestjs/common';
import { Cursors } from '#vault/cursors.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { BadRequest } from '../bad-request.js';
import type { QueryParameters } from '../surfaces/ucloud/query-parameters.js';
import { criteriaOf } from './audit-parameters.js';

/** Where lists of the audit go on: for who asked, with what they asked. */
@Injectable()
export class AuditCursors {
  constructor(private readonly cursors: Cursors) {}

  /**
   * What a page shows of what was found, and where the list goes on after it.
   * @param found one more than is shown, if there are more
   */
  page<Entry>(
    found: readonly Entry[],
    { size, placeOf }: { readonly size: number; readonly placeOf: (entry: Entry) => string },
    query: QueryParameters,
    caller: AuthenticatedCaller,
  ): { readonly shown: readonly Entry[]; readonly next: string | null } {
    const shown = found.slice(0, size);
    const last = found.length > size ? shown.at(-1) : undefined;
    return { shown, next: last === undefined ? null : this.cursors.seal(placeOf(last), listOf(query, caller)) };
  }

  /** Null at the beginning. @throws BadRequest */
  placeIn(query: QueryParameters, caller: AuthenticatedCaller): string | null {
    const cursor = query['next'];
    if (cursor === undefined) return null;
    const place = typeof cursor === 'string' ? this.cursors.open(cursor, listOf(query, caller)) : undefined;
    if (typeof place === 'string') return place;
    throw new BadRequest('parameter-invalid', 'next must be what the page before answered, with the same parameters.');
  }
}

/** Pages may be of different sizes. */
const listOf = (query: QueryParameters, { userId }: AuthenticatedCaller): string => {
  const { itemsPerPage: _, fields: _fields, ...criteria } = criteriaOf(query);
  return JSON.stringify([
    'audit',
    userId,
    ...Object.entries(criteria).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  ]);
};
