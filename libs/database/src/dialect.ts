import type { DataSource } from 'typeorm';
import { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';

/** PostgreSQL takes no text with this character, */
const NUL = /\0/g;
/** and this one, which is none (Unicode §23.7), is in nothing that is kept. */
const IN_NOTHING = '\uffff';

/** How a database writes names and parameters. */
export class Dialect {
  /** Whether it is in this process: a statement makes no journey, and what was prepared once is kept. */
  readonly isEmbedded: boolean;

  constructor(private readonly database: DataSource) {
    this.isEmbedded = database.driver instanceof AbstractSqliteDriver;
  }

  name = (identifier: string) => this.database.driver.escape(identifier);

  /** @param index from 0 */
  parameter = (index: number) => this.database.driver.createParameter(`p${index}`, index);

  parameters = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => this.parameter(from + index)).join(', ');

  /** The rows of a statement that was written by hand; values may be what somebody has typed. */
  async select<Row>(statement: string, values: readonly (string | number)[]): Promise<Row[]> {
    const taken = values.map((value) => (typeof value === 'string' ? value.replace(NUL, IN_NOTHING) : value));
    return this.database.query<Row[]>(statement, taken);
  }
}
