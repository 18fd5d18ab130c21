import type { ObjectLiteral } from 'typeorm';
import type { AuthlogEvent } from '#domain/events.js';
import type { DecodedEvent } from '#event-store/codec.js';

/** A table of a read model, by its entity. */
export type Table<Row extends ObjectLiteral = ObjectLiteral> = new () => Row;

/** A comparison of a column with a value. */
export interface Condition<Column extends string = string> {
  readonly column: Column;
  readonly is: '=' | '<>' | '<' | '<=' | '>';
  readonly value: string | number;
}

/** What a projection wants done to its own tables; made by the functions below. */
export type Change =
  | { readonly kind: 'put'; readonly table: Table; readonly row: ObjectLiteral }
  | { readonly kind: 'patch'; readonly table: Table; readonly id: string; readonly fields: ObjectLiteral }
  | {
      readonly kind: 'patch-where';
      readonly table: Table;
      readonly fields: ObjectLiteral;
      readonly conditions: readonly Condition[];
    }
  | { readonly kind: 'remove'; readonly table: Table; readonly id: string }
  | { readonly kind: 'remove-where'; readonly table: Table; readonly conditions: readonly Condition[] };

/** Inserts the row, or replaces the one with its id. */
export const put = <Row extends ObjectLiteral>(table: Table<Row>, row: Row): Change => ({ kind: 'put', table, row });

/** Changes fields of the row with this id, if there is one. */
export const patch = <Row extends ObjectLiteral>(table: Table<Row>, id: string, fields: Partial<Row>): Change => ({
  kind: 'patch',
  table,
  id,
  fields,
});

/** Changes fields of all rows that meet every condition. */
export const patchWhere = <Row extends ObjectLiteral>(
  table: Table<Row>,
  fields: Partial<Row>,
  ...conditions: readonly Condition<keyof Row & string>[]
): Change => ({ kind: 'patch-where', table, fields, conditions });

/** Removes the row with this id, if there is one. */
export const remove = (table: Table, id: string): Change => ({ kind: 'remove', table, id });

/** Removes all rows that meet every condition. */
export const removeWhere = <Row extends ObjectLiteral>(
  table: Table<Row>,
  ...conditions: readonly Condition<keyof Row & string>[]
): Change => ({ kind: 'remove-where', table, conditions });

/** Which columns of a table are personal, and whose they are. */
export interface PersonalColumns {
  readonly table: Table;
  /** The column with the id of the account. */
  readonly subject: string;
  /** Each may be null. */
  readonly columns: readonly string[];
}

export const personal = <Row extends ObjectLiteral>(
  table: Table<Row>,
  subject: keyof Row & string,
  ...columns: readonly (keyof Row & string)[]
): PersonalColumns => ({ table, subject, columns });

/** Nothing personal of the account stays in the table. */
export const blank = ({ table, subject, columns }: PersonalColumns, userId: string): Change => ({
  kind: 'patch-where',
  table,
  fields: Object.fromEntries(columns.map((column) => [column, null])),
  conditions: [{ column: subject, is: '=', value: userId }],
});

/** An event of one of the types that a projection follows. */
export type ProjectedEvent<Event extends AuthlogEvent = AuthlogEvent> = Omit<DecodedEvent, 'event'> & {
  readonly event: Event;
};

/**
 * A read model: which events it follows, and what each does to its tables. A pure function of the event: no clock, no
 * network, no reading, so that the same log gives the same rows on any day.
 */
export interface Projection<Event extends AuthlogEvent = AuthlogEvent> {
  /** Names the list or page its readers see. */
  readonly name: string;
  /** Raised with every change of meaning or of a table: each version has tables of its own, and fills them from the log. */
  readonly version: number;
  /** The categories of streams it follows, */
  readonly categories: readonly string[];
  /** and which of their events; others are not even decoded. */
  readonly types: readonly Event['type'][];
  /** What has to be applied in order besides the events of one stream, by the stream; without it each stream is for itself. */
  readonly sequenceOf?: (stream: string) => string;
  /**
   * Whether it is brought up to date only while the others are, in larger and rarer steps: many rows that are looked at seldom. A
   * process serves before it has seen everything.
   */
  readonly isInBackground?: boolean;
  /** Its own tables; nobody else writes them. Each has the primary key `id`, and is called after the version. */
  readonly tables: readonly Table[];
  /** What it holds of persons in clear; it follows `UserErased`, and blanks it. */
  readonly personal?: readonly PersonalColumns[];
  project(event: ProjectedEvent<Event>): readonly Change[];
}

/** Names a version of a projection. */
export type ProjectionVersion = Pick<Projection, 'name' | 'version'>;

/** The name of what an event of the stream has to be applied in order with. */
export const sequenceOf = ({ sequenceOf: named }: Projection, stream: string): string => named?.(stream) ?? stream;
