import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A server in a process of its own, started and ready. */
export class Server {
  constructor(child, url, startSeconds) {
    this.child = child;
    this.url = url;
    this.startSeconds = startSeconds;
  }

  /** @param {string[]} command the script and its arguments; it says `ready at <url>` on standard output */
  static async start(command, environment = {}) {
    const startedAt = performance.now();
    const child = spawn(process.execPath, command, {
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', process.env.BENCH_DEBUG ? 'inherit' : 'ignore'],
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    for await (const line of createInterface(child.stdout)) {
      const match = /ready at (\S+)/.exec(line);
      if (match !== null) return new Server(child, match[1], (performance.now() - startedAt) / 1_000);
    }
    throw new Error(`${command[0]} ended before it was ready`);
  }

  /** The most memory it ever had, in MB (Linux). */
  get peakMegabytes() {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1_024;
  }

  async stop() {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}

export const SERVICE_TOKEN = '5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f.a-secret-that-only-the-bench-knows';
export const ADMIN_PASSWORD = 'the admin of the bench';

/** As `npm start` runs it. */
export const startAuthlog = (data, environment = {}) =>
  Server.start(
    [
      '--max-semi-space-size=4',
      '--max-old-space-size=256',
      resolve(import.meta.dirname, '../dist/apps/auth-api/src/main.js'),
    ],
    {
      AUTHLOG_PORT: '0',
      AUTHLOG_DATA: data,
      AUTHLOG_ADMIN_PASSWORD: ADMIN_PASSWORD,
      AUTHLOG_SERVICE_TOKEN: SERVICE_TOKEN,
      ...environment,
    },
  );

export const startPeer = (name, environment = {}) =>
  Server.start([resolve(import.meta.dirname, 'peers', `${name}.mjs`)], environment);
