// What a route costs that does nothing but the least: verify one JWT, and append one row durably.
import Database from 'better-sqlite3';
import fastify from 'fastify';
import { SignJWT, generateKeyPair, jwtVerify } from 'jose';

const { privateKey, publicKey } = await generateKeyPair('ES256');
const db = new Database(process.env.BENCH_DATABASE);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE event (position INTEGER PRIMARY KEY, stream TEXT, data TEXT)');
const insert = db.prepare('INSERT INTO event (stream, data) VALUES (?, ?)');

const app = fastify();
const verified = async ({ headers }) => {
  const { payload } = await jwtVerify(headers.authorization.slice(7), publicKey, {
    algorithms: ['ES256'],
    issuer: 'bench',
  });
  return payload;
};
app.get('/token', () =>
  new SignJWT({ sid: 'x', uid: 'y', role: 'USER' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('bench')
    .setSubject('ada')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey),
);
app.get('/check', async (request) => ({ sub: (await verified(request)).sub }));
app.post('/append', async (request) => {
  const { sid } = await verified(request);
  insert.run(`session-${sid}`, JSON.stringify({ secretHash: 'x'.repeat(43) }));
  return { accessToken: 'x' };
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`ready at http://127.0.0.1:${app.server.address().port}`);
