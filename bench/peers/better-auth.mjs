import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import Database from 'better-sqlite3';

const database = new Database(process.env.BENCH_DATABASE);
database.pragma('journal_mode = WAL');
const options = {
  database,
  emailAndPassword: { enabled: true },
  secret: 'a secret that only the bench knows, long enough',
  baseURL: 'http://127.0.0.1',
  trustedOrigins: ['http://127.0.0.1'],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
};
const auth = betterAuth(options);
await (await getMigrations(options)).runMigrations();
const handle = toNodeHandler(auth);
const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1', () => {
  console.log(`ready at http://127.0.0.1:${server.address().port}`);
});
