import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PostgresServer } from '#database/place.js';
import { TestDatabase, addressOf } from '#database/testing/test-database.js';

/** A database on a PostgreSQL server that is stopped as by a power cut, and started again. */
export class FaultyDatabase {
  private constructor(
    private readonly database: TestDatabase,
    private readonly folder: string,
  ) {}

  static async create(): Promise<FaultyDatabase> {
    const database = await TestDatabase.create();
    const [row] = await database.queryAsSuperuser<{ data_directory: string }>('SHOW data_directory');
    return new FaultyDatabase(database, row?.data_directory ?? '');
  }

  get server(): PostgresServer {
    return this.database.server;
  }

  /** As AUTHLOG_DATABASE has it. */
  get address(): string {
    return addressOf(this.database.server);
  }

  async restart(): Promise<void> {
    const control = join(dirname(readlinkSync(`/proc/${this.processId}/exe`)), 'pg_ctl');
    const restart = [control, '-D', this.folder, '-m', 'immediate', '-w', '-l', join(this.folder, 'log'), 'restart'];
    // It refuses to run as root.
    const command = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...restart] : restart;
    const [program = '', ...rest] = command;
    const [code] = (await once(spawn(program, rest, { stdio: 'ignore' }), 'close')) as [number | null];
    if (code !== 0) throw new Error(`pg_ctl ended with ${String(code)}`);
  }

  /** Whoever started the server knows only the process that was there first. */
  stopServer(): void {
    process.kill(Number(this.processId), 'SIGQUIT');
  }

  private get processId(): string {
    return readFileSync(join(this.folder, 'postmaster.pid'), 'utf8').split('\n')[0] ?? '';
  }
}
