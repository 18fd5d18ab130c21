/** A line of a table: what stands in each column. */
export type Line = Readonly<Record<string, string | number>>;

/** Columns as wide as what is in them, numbers to the right; the first line names them. */
export function table(columns: readonly string[], lines: readonly Line[]): string {
  const cells = lines.map((line) => columns.map((column) => String(line[column] ?? '')));
  const widths = columns.map((column, n) => Math.max(column.length, ...cells.map((row) => row[n]?.length ?? 0)));
  const isNumber = columns.map((column) => lines.every((line) => typeof line[column] === 'number'));
  const row = (texts: readonly string[]) =>
    texts
      .map((text, n) => (isNumber[n] && lines.length > 0 ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0)))
      .join('  ')
      .trimEnd();
  return [row(columns), ...cells.map(row)].join('\n');
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For scripts: one JSON value. */
export const sayJson = (value: unknown): void => say(JSON.stringify(value, null, 2));
