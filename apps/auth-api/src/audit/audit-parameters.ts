import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { ENTRY_FIELDS } from '#audit/entries.js';
import type { Subject } from '#audit/histories.js';
import { type Point, pointOf } from '#audit/moments.js';
import type { AuditInquiry, AuditQuestion } from '#domain/audit/audit-reading.js';
import { authlogEvents } from '#domain/events.js';
import { Refused } from '#domain/refused.js';
import { type AddressRange, addressRange } from '#read-models/audit-trail/address-range.js';
import type { SessionFilter } from '#read-models/audit-trail/audit-sessions.queries.js';
import { BadRequest } from '../bad-request.js';
import { type QueryParameters, oneOf } from '../surfaces/ucloud/query-parameters.js';
import { isReason } from '../surfaces/ucloud/user-administration-bodies.js';

const refuse = (name: string, rule: string) => new BadRequest('parameter-invalid', `${name} must be ${rule}.`);

const MAX_TEXT = 200;
/** Null when left out. @throws BadRequest */
export function textIn(query: QueryParameters, name: string): string | null {
  const value = query[name];
  if (value === undefined) return null;
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT)
    throw refuse(name, `given once, with 1 to ${MAX_TEXT} characters`);
  return value;
}

/** A time or a position; null when left out. @throws BadRequest */
export function pointIn(query: QueryParameters, name: string): Point {
  const value = textIn(query, name);
  if (value === null) return null;
  const point = pointOf(value);
  if (point === undefined) throw refuse(name, 'a time such as 2026-01-31T14:05:00Z, or a position of the log');
  return point;
}

/** Null when left out. @throws BadRequest */
export function timeIn(query: QueryParameters, name: string): Date | null {
  const point = pointIn(query, name);
  if (point === null || point instanceof Date) return point;
  throw refuse(name, 'a time such as 2026-01-31T14:05:00Z');
}

/** Null when left out. @throws BadRequest */
export function addressesIn(query: QueryParameters): AddressRange | null {
  const text = textIn(query, 'address');
  if (text === null) return null;
  const range = addressRange(text);
  if (range === null)
    throw refuse('address', 'an address such as 192.0.2.7, or a network such as 192.0.2.0/24 or 2001:db8::/32');
  return range;
}

/** Whether what is personal is asked for, too. @throws BadRequest */
export const isPersonalIn = (query: QueryParameters): boolean => oneOf(query, 'personal', ['true', 'false']) === 'true';

/** Null when left out. @throws BadRequest */
export function reasonIn(query: QueryParameters): string | null {
  const reason = query['reason'];
  if (reason === undefined) return null;
  if (!isReason(reason)) throw refuse('reason', 'given once, 1 to 500 characters that say why');
  return reason;
}

/** Null when left out. @throws BadRequest */
export function eventTypeIn(query: QueryParameters): string | null {
  const type = textIn(query, 'type');
  if (type !== null && !Object.hasOwn(authlogEvents, type))
    throw refuse('type', 'a type of event, such as SessionOpened; docs/architecture.md lists them');
  return type;
}

type EntryField = (typeof ENTRY_FIELDS)[number];

/** All when left out. @throws BadRequest */
export function fieldsIn(query: QueryParameters): readonly EntryField[] {
  const names = textIn(query, 'fields')?.split(',');
  if (names === undefined) return ENTRY_FIELDS;
  const fields = ENTRY_FIELDS.filter((field) => names.includes(field));
  if (fields.length !== names.length)
    throw refuse('fields', `different ones of ${ENTRY_FIELDS.join(', ')}, joined by commas`);
  return fields;
}

/** @param userId whose they are to be; null for anybody's @throws BadRequest, Refused `range-empty` */
export function sessionFilterIn(query: QueryParameters, userId: string | null): SessionFilter {
  const [openedFrom, openedTo] = [timeIn(query, 'openedFrom'), timeIn(query, 'openedTo')];
  if (openedFrom !== null && openedTo !== null && openedFrom > openedTo) throw new Refused('range-empty');
  return {
    userId,
    provider: textIn(query, 'provider'),
    service: textIn(query, 'service'),
    addresses: addressesIn(query),
    openedFrom,
    openedTo,
    aliveAt: timeIn(query, 'aliveAt'),
  };
}

const SUBJECTS = [
  ['user', 'account'],
  ['session', 'session'],
  ['oneTimeToken', 'one-time-token'],
] as const;

/** The one subject that the parameters name. @throws BadRequest */
export function subjectIn(query: QueryParameters): { readonly kind: Subject['kind']; readonly nameOrId: string } {
  const named = SUBJECTS.flatMap(([name, kind]) => {
    const nameOrId = textIn(query, name);
    return nameOrId === null ? [] : [{ kind, nameOrId }];
  });
  const [subject] = named;
  if (subject === undefined || named.length > 1)
    throw new BadRequest('parameter-invalid', 'Give one of user, session and oneTimeToken.');
  return subject;
}

/** What is asked, about nobody in particular yet. @throws BadRequest */
export const inquiryIn = (question: AuditQuestion, query: QueryParameters): Omit<AuditInquiry, 'userId'> => ({
  question,
  criteria: criteriaOf(query),
  isPersonal: isPersonalIn(query),
  reason: reasonIn(query),
});

/** What was asked for, to be recorded: the parameters but those that are recorded for themselves. */
export const criteriaOf = (query: QueryParameters): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      typeof value === 'string' && name !== 'reason' && name !== 'next' ? [[name, value]] : [],
    ),
  );

const ofPoint = 'A time (RFC 3339) or a position of the log.';

/** Describes what `isPersonalIn` and `reasonIn` read. */
export const ApiReading = () =>
  applyDecorators(
    ApiQuery({
      name: 'personal',
      required: false,
      enum: ['true', 'false'],
      description: 'Whether names, addresses and the like are shown; otherwise a mark stands where they are.',
    }),
    ApiQuery({
      name: 'reason',
      required: false,
      schema: { type: 'string', maxLength: 500 },
      description: 'Why, for the record.',
    }),
  );

/** Describes what `pointIn` reads. */
export const ApiPoint = (name: string, description: string) =>
  ApiQuery({ name, type: String, required: false, description: `${description} ${ofPoint}` });

const optional = (name: string, description: string) => ApiQuery({ name, type: String, required: false, description });

/** Describes the parameters that choose entries. */
export const ApiTrailFilter = () =>
  applyDecorators(
    optional('user', 'Whose history: the id of an account, or its user name.'),
    optional('actor', 'Who did it: the id of an account, its user name, or the name of a part of authlog.'),
    optional('session', 'Which session it is about, or was done in.'),
    optional('address', 'From where: an address, or a network such as 192.0.2.0/24.'),
    ApiQuery({ name: 'type', required: false, enum: Object.keys(authlogEvents).toSorted() }),
    ApiQuery({ name: 'outcome', required: false, enum: ['done', 'refused'] }),
    optional('correlation', 'Of the request that it belongs to.'),
    ApiPoint('from', 'The first that is wanted.'),
    ApiPoint('to', 'The last that is wanted.'),
    optional('fields', 'The names of the fields that are wanted, joined by commas.'),
  );
