// npm run bench [scenario ...]: measures authlog, the bounds and its peers on this machine in one run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { startAuthlog, startPeer } from './processes.mjs';
import { audit, bigAudit } from './scenarios/audit.mjs';
import { bigLog } from './scenarios/big-log.mjs';
import { claim } from './scenarios/claim.mjs';
import { distantLog } from './scenarios/distant-log.mjs';
import { append, notice } from './scenarios/event-log.mjs';
import { flatCost } from './scenarios/flat-cost.mjs';
import { login } from './scenarios/login.mjs';
import { manyUsers } from './scenarios/many-users.mjs';
import { bigRebuild, rebuilds } from './scenarios/rebuilds.mjs';
import { reads } from './scenarios/reads.mjs';
import { refresh } from './scenarios/refresh.mjs';
import { samlSettings } from './saml-hub.mjs';
import { saml } from './scenarios/saml.mjs';
import { sealing } from './scenarios/sealing.mjs';

const SCENARIOS = {
  append,
  notice,
  login,
  refresh,
  reads,
  saml,
  claim,
  flatCost,
  bigLog,
  manyUsers,
  rebuilds,
  distantLog,
  sealing,
  bigRebuild,
  audit,
  bigAudit,
};
/** Only when they are named. */
const ON_REQUEST = new Set(['bigAudit', 'bigRebuild']);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 6);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There is: ${Object.keys(SCENARIOS).join(', ')}.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'authlog-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const configFile = join(folder, 'authlog.yaml');
writeFileSync(
  configFile,
  `loginServices:
  - { name: cli, endpoint: "http://localhost:8080/account", mode: APPLICATION }
  - { name: rotating, endpoint: "http://localhost:8080/account", mode: APPLICATION, rotate: true }
tokenExtension:
  - { service: _bootstrap, scopes: ["bench:read"] }
trustedProxies: [127.0.0.1]
${samlSettings(folder)}`,
);
const config = { AUTHLOG_CONFIG: configFile };

const isTerminal = process.stderr.isTTY;
const progress = (text) => isTerminal && process.stderr.write(`\r\x1b[K${text}`);

const format = (value) => (value >= 100 ? Math.round(value).toString() : value.toPrecision(3));

function print(rows) {
  for (const { what, result, unit, against = '', bound, ratio: measured, must = '', ok } of rows) {
    const ratio = bound === undefined ? '' : (measured ?? result / bound).toFixed(2);
    const verdict = ok === undefined ? '' : ok ? 'reached' : 'MISSED';
    const compared = bound === undefined ? '' : `${against}: ${format(bound)}`;
    console.log(
      `${what.padEnd(46)} ${`${format(result)} ${unit}`.padStart(16)}  ${compared.padEnd(44)} ${ratio.padStart(6)}  ${must.padEnd(11)} ${verdict}`,
    );
  }
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; generator on the same machine\n`,
);
console.log(
  `${'what'.padEnd(46)} ${'result'.padStart(16)}  ${'against'.padEnd(44)} ${'ratio'.padStart(6)}  ${'must reach'.padEnd(11)}`,
);

const rows = [];
const authlog = await startAuthlog(join(folder, 'data'), config);
const betterAuth = await startPeer('better-auth', { BENCH_DATABASE: join(folder, 'better-auth.db') });
const bare = await startPeer('bare-fastify', { BENCH_DATABASE: join(folder, 'bare.db') });
const oidc = await startPeer('oidc-provider');
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (wanted.length > 0 ? !wanted.includes(name) : ON_REQUEST.has(name)) continue;
  progress(`${name} …`);
  const data = join(folder, `data-${name}`);
  const measured = await scenario({
    authlog,
    betterAuth,
    bare,
    oidc,
    folder,
    data,
    config,
    progress,
    seconds: SECONDS,
  });
  progress('');
  print(measured);
  rows.push(...measured);
}
const memory = authlog.peakMegabytes;
const peak = {
  what: 'memory of the service, most in this run',
  result: memory,
  unit: 'MB',
  must: '< 250 MB',
  ok: memory < 250,
};
print([peak]);
rows.push(peak);
await Promise.all([authlog, betterAuth, bare, oidc].map((server) => server.stop()));
const missed = rows.filter(({ ok }) => ok === false).length;
console.log(missed === 0 ? '\nAll reached.' : `\n${missed} missed.`);
process.exit(0);
