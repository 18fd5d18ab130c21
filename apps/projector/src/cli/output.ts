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

const BAR_WIDTH = 24;

/** How much of the whole is done, drawn and in percent. */
export function progressBar(done: number, whole: number): string {
  const part = whole === 0 ? 0 : Math.min(1, done / whole);
  const filled = Math.round(part * BAR_WIDTH);
  return `[${'█'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}] ${Math.floor(part * 100)} %`;
}

/** Elsewhere than on a terminal, where nothing can be written over. */
const BETWEEN_LINES_MS = 5_000;

/** Shows on standard error what changes while one waits. */
export class ProgressLine {
  private shownAt = -Infinity;
  private isOpen = false;

  show(text: string): void {
    const { stderr } = process;
    if (stderr.isTTY) {
      stderr.write(`\r\u001b[K${text}`);
      this.isOpen = true;
    } else if (performance.now() - this.shownAt >= BETWEEN_LINES_MS) {
      stderr.write(`${text}\n`);
      this.shownAt = performance.now();
    }
  }

  end(): void {
    if (this.isOpen) process.stderr.write('\n');
    this.isOpen = false;
  }
}
