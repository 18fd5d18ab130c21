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

  /** @param place of the last entry that was shown */
  seal(place: string, query: QueryParameters, caller: AuthenticatedCaller): string {
    return this.cursors.seal(place, listOf(query, caller));
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
