import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { ReadModelFixture } from '#read-models/testing/read-model-fixture.js';

const GOLDEN = new URL('golden/read-models.json', import.meta.url);

/** By the version of a projection: its tables, their columns and indexes. */
type Shapes = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

describe('the tables of a version of a projection', () => {
  let fixture: ReadModelFixture;
  beforeAll(async () => {
    fixture = await ReadModelFixture.open('SQLite', PROJECTIONS);
  });
  afterAll(() => fixture.close());

  const shapes = (): Shapes =>
    Object.fromEntries(
      PROJECTIONS.map(({ name, version, tables }) => [
        `${name} v${version}`,
        Object.fromEntries(
          tables.map((table) => {
            const { tableName, columns, indices } = fixture.database.reader.getMetadata(table);
            const described = columns.map(
              ({ databaseName, type, isNullable }) => `${databaseName} ${String(type)}${isNullable ? ' or null' : ''}`,
            );
            const indexed = indices.map(
              ({ columns: of, where }) =>
                `index on ${of.map(({ databaseName }) => databaseName).join(', ')}${where === undefined ? '' : ` where ${where}`}`,
            );
            return [tableName, [...described, ...indexed]];
          }),
        ),
      ]),
    );

  it('never change: what changes them raises the version, in the entities and so in the names of the tables', () => {
    const known = existsSync(GOLDEN) ? (JSON.parse(readFileSync(GOLDEN, 'utf8')) as Shapes) : {};
    const now = shapes();
    for (const [version, shape] of Object.entries(now)) if (version in known) expect(shape).toEqual(known[version]);
    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(GOLDEN, `${JSON.stringify({ ...known, ...now }, null, 2)}\n`);
    else expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(now)));
  });

  it('are called after it', () => {
    for (const { version, tables } of PROJECTIONS)
      for (const table of tables)
        expect(fixture.database.reader.getMetadata(table).tableName).toMatch(new RegExp(`_v${version}$`));
  });
});
