import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

export type Environment = Readonly<Record<string, string>>;

/** A folder for the data of one test. */
export function temporaryFolder(): { path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'authlog-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

// Whatever happens to a test, its processes end with it.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A started program of ours and what it has written so far. */
export class RunningProcess {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor(app: 'auth-api' | 'projector', environment: Environment) {
    const main = resolve(import.meta.dirname, '../../dist/apps', app, 'src/main.js');
    this.child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'] ?? '', ...environment } });
    this.child.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    running.add(this.child);
    this.ended = once(this.child, 'close').then(([code]) => {
      running.delete(this.child);
      return code as number | null;
    });
  }

  /** As the system calls it. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The first match in what it writes to standard output. @throws Error with its output if it ends before */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return this.match(pattern, this.child.stdout, () => this.stdout);
  }

  /** The same in its log. */
  async logs(pattern: RegExp): Promise<RegExpExecArray> {
    return this.match(pattern, this.child.stderr, () => this.stderr);
  }

  private async match(pattern: RegExp, stream: Readable | null, text: () => string): Promise<RegExpExecArray> {
    let code: number | null | undefined;
    for (;;) {
      const match = pattern.exec(text());
      if (match !== null) return match;
      if (code !== undefined)
        throw new Error(`ended with ${String(code)} before it said ${String(pattern)}:\n${this.stdout}${this.stderr}`);
      const news = once(stream ?? this.child, 'data').then(() => undefined);
      code = await Promise.race([news, this.ended]);
    }
  }

  /** The exit code; null when a signal ended it. */
  async end(): Promise<number | null> {
    return this.ended;
  }

  signal(signal: 'SIGUSR2'): void {
    this.child.kill(signal);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}
