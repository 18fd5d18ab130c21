import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Place, Schema } from '#database/place.js';
import { StandInServer } from '#event-store/eventstoredb/testing/stand-in-server.js';
import { type Environment, RunningProcess, temporaryFolder } from '../support/running-process.js';
import { Server } from '../support/server.js';
import type { FaultyDatabase } from './faulty-database.js';

const NODES = 2;
const RECOVERY_MS = 5_000;
const DATA_SIZE = '64m';

/** Two API nodes and a projector on one log, with a clock and a disk that can be tampered with. */
export class Installation {
  readonly nodes: Server[] = [];
  readonly masterKey = randomBytes(32).toString('base64');
  private projector: RunningProcess | undefined;
  private readonly folder = temporaryFolder();
  private readonly clock = join(this.folder.path, 'clock');
  private readonly environment: Environment;

  private constructor(
    readonly log: StandInServer,
    /** Null: files on the small disk. */
    readonly database: FaultyDatabase | null,
  ) {
    const clockLibrary = findClockLibrary();
    mkdirSync(this.data);
    mountSmallDisk(this.data);
    writeFileSync(this.clock, '+0\n');
    const config = join(this.folder.path, 'authlog.yaml');
    writeFileSync(
      config,
      `loginServices:
  - { name: cli, endpoint: "http://localhost:8080/account", mode: APPLICATION, rotate: true }
throttling: { address: { failures: 1000000 }, network: { failures: 1000000 }, service: { failures: 1000000 } }
`,
    );
    this.environment = {
      AUTHLOG_EVENT_STORE: log.connectionString,
      AUTHLOG_PROJECTOR: 'external',
      AUTHLOG_MASTER_KEY: this.masterKey,
      ...(database === null ? {} : { AUTHLOG_DATABASE: database.address }),
      AUTHLOG_CONFIG: config,
      AUTHLOG_PUBLIC_URL: 'http://localhost:8080',
      LD_PRELOAD: clockLibrary,
      FAKETIME_TIMESTAMP_FILE: this.clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  static async start(database: FaultyDatabase | null): Promise<Installation> {
    const installation = new Installation(await StandInServer.start(), database);
    for (let node = 0; node < NODES; node += 1) await installation.startNode(node);
    await installation.startProjector();
    return installation;
  }

  get data(): string {
    return join(this.folder.path, 'data');
  }

  place(file: string, schema: Schema): Place {
    return this.database === null ? { file: join(this.data, file) } : { server: this.database.server, schema };
  }

  async startNode(node: number): Promise<void> {
    this.nodes[node] = await Server.start(this.environment, this.data);
  }

  async killNode(node: number): Promise<void> {
    await this.nodes[node]?.process.stop('SIGKILL');
  }

  async startProjector(): Promise<void> {
    this.projector = new RunningProcess('projector', { AUTHLOG_DATA: this.data, ...this.environment });
    await this.projector.says(/follows the log/);
  }

  async killProjector(): Promise<void> {
    await this.projector?.stop('SIGKILL');
  }

  /** @param offset such as `+3600` seconds, for all processes at once */
  turnClock(offset: string): void {
    writeFileSync(this.clock, `${offset}\n`);
  }

  fillDisk(): void {
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${join(this.data, 'filler')}`, 'bs=1M'], { stdio: 'ignore' });
    } catch {
      // It ends when nothing more fits.
    }
  }

  freeDisk(): void {
    rmSync(join(this.data, 'filler'), { force: true });
  }

  /** @returns after how many milliseconds every node serves and every read model has caught up */
  async recovered(): Promise<number> {
    const startedAt = performance.now();
    const isReady = async (server: Server) => {
      const answer = await server.call('GET', '/health/ready').catch(() => null);
      return answer?.status === 200;
    };
    for (;;) {
      if ((await Promise.all(this.nodes.map(isReady))).every(Boolean)) return performance.now() - startedAt;
      if (performance.now() - startedAt > RECOVERY_MS) throw new Error('the installation did not recover');
      await delay(50);
    }
  }

  async remove(): Promise<void> {
    await Promise.all([...this.nodes.map(({ process }) => process.stop('SIGKILL')), this.projector?.stop('SIGKILL')]);
    await this.log.stop();
    this.database?.stopServer();
    execFileSync('umount', ['-l', this.data]);
    this.folder.remove();
  }
}

/** Where Debian puts libfaketime, whatever the processor. */
function findClockLibrary(): string {
  const path = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime/libfaketime.so.1'))
    .find(existsSync);
  if (path === undefined) throw new Error('The clock cannot be turned: install libfaketime (Debian: libfaketime).');
  return path;
}

function mountSmallDisk(path: string): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DATA_SIZE}`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error('A small disk cannot be made: run the fault suite as root.', { cause });
  }
}
