// Starts what was built as `npm start` does, in an empty folder, and ends it again: what compiles and passes tests can
// still fail to load.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const data = mkdtempSync(join(tmpdir(), 'authlog-ci-'));
const environment = { ...process.env, AUTHLOG_DATA: data, AUTHLOG_PORT: '0' };
const child = spawn(process.execPath, ['dist/apps/auth-api/src/main.js'], {
  env: environment,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(child, 'close');
let status;
for await (const line of createInterface(child.stdout)) {
  const url = /ready at (\S+)/.exec(line)?.[1];
  if (url === undefined) continue;
  status = (await fetch(`${url}/health/ready`)).status;
  child.kill('SIGTERM');
}
const [code] = await ended;
rmSync(data, { recursive: true });
console.log(`ready: ${status}, end: ${code}`);
process.exit(status === 200 && code === 0 ? 0 : 1);
