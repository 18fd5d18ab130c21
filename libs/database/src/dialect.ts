import type { DataSource } from 'typeorm';

/** How a database writes names and parameters. */
export class Dialect {
  constructor(private readonly database: DataSource) {}

  name = (identifier: string) => this.database.driver.escape(identifier);

  /** @param index from 0 */
  parameter = (index: number) => this.database.driver.createParameter(`p${index}`, index);

  parameters = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => this.parameter(from + index)).join(', ');
}
