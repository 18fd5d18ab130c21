// Makes the secrets of docker-compose.yml in ./secrets; what is there stays as it is.
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? 'secrets';
// Engines mount each file as it is, and users in containers are other than the one outside: the folder keeps people out.
mkdirSync(folder, { mode: 0o700, recursive: true });

function keep(name, make) {
  const path = join(folder, name);
  if (!existsSync(path)) {
    writeFileSync(path, `${make()}\n`, { mode: 0o644, flag: 'wx' });
    console.log(`made ${path}`);
  }
  return readFileSync(path, 'utf8').trimEnd();
}

keep('master_key', () => randomBytes(32).toString('base64'));
keep('admin_password', () => randomBytes(18).toString('base64url'));
keep('service_token', () => `${randomUUID()}.${randomBytes(32).toString('base64url')}`);
// Containers of one machine speak without TLS.
const password = keep('postgres_password', () => randomBytes(24).toString('hex'));
keep('database_url', () => `postgres://authlog:${password}@postgres:5432/authlog?sslmode=disable`);
