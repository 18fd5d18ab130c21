import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Authlog } from '../clients.mjs';
import { Connection, expectStatus, load } from '../http-client.mjs';
import { HUB, SP, SP_NEW_KEY, STRANGER_KEY, hubResponse, hubResponseXml, toField } from '../saml-hub.mjs';

const ACS = 'http://localhost:8080/auth/saml/acs';
const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
const PEOPLE = 500;
const NAMESPACE = 'urn:oasis:names:tc:SAML:2.0:protocol';

/** A logout that names more sessions than there are, under a signature that is none. */
const LOGOUT = [
  ['SAMLRequest', deflateRawSync(logoutXml()).toString('base64')],
  ['SigAlg', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'],
  ['Signature', Buffer.alloc(256, 1).toString('base64')],
]
  .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  .join('&');

function logoutXml() {
  const names = `xmlns:samlp="${NAMESPACE}" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`;
  const head = `<samlp:LogoutRequest ${names} ID="_a" Version="2.0"><saml:Issuer>${HUB}</saml:Issuer>`;
  return `${head}${'<samlp:SessionIndex>_a</samlp:SessionIndex>'.repeat(190)}</samlp:LogoutRequest>`;
}

let logins = 0;

/** One person's way to the identity provider and back. */
export async function logIn(connection) {
  const n = logins % PEOPLE;
  logins += 1;
  // Each from a place of their own, for nobody begins so many logins from one.
  const headers = { 'x-forwarded-for': `10.${logins >> 16}.${(logins >> 8) & 255}.${logins & 255}` };
  const { head } = expectStatus(await connection.request('GET', '/auth/saml/login?service=cli', headers), 302);
  const [, cookie] = /set-cookie: ([^;]+)/i.exec(head);
  const message = new URL(/location: (\S+)/i.exec(head)[1]).searchParams.get('SAMLRequest');
  const [, requestId] = / ID="([^"]+)"/.exec(inflateRawSync(Buffer.from(message, 'base64')).toString());
  const response = hubResponse({
    requestId,
    now: new Date(),
    destination: ACS,
    recipient: ACS,
    audiences: [[SP]],
    nameId: `WAYF-DK-${n}`,
    attributes: {
      'urn:oid:1.3.6.1.4.1.5923.1.1.1.10': [`WAYF-DK-${n}`],
      'urn:oid:1.3.6.1.4.1.25178.1.2.9': ['sdu.dk'],
      'urn:oid:2.5.4.42': [`Person ${n}`],
      'urn:oid:2.5.4.4': ['Tester'],
    },
  });
  return post(connection, response, { cookie });
}

const post = (connection, response, headers = {}) =>
  connection.request('POST', '/auth/saml/acs', { ...FORM, ...headers }, `SAMLResponse=${encodeURIComponent(response)}`);

/** Milliseconds that a process has used so far (Linux: in ticks of 10 ms). */
function cpuMs({ pid }) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** What a refused message costs the service, in CPU. */
async function costOf(authlog, sendOne, times) {
  const connection = new Connection(authlog.url);
  const send = async (count) => {
    for (let n = 0; n < count; n += 1) {
      const { status, body } = await sendOne(connection);
      if (![400, 401, 413].includes(status)) throw new Error(`garbage was answered ${status}: ${body}`);
    }
  };
  await send(Math.ceil(times / 4));
  const before = cpuMs(authlog.child);
  await send(times);
  const cost = (cpuMs(authlog.child) - before) / times;
  connection.close();
  return cost;
}

const fill = (part, length) => part.repeat(Math.floor(length / part.length));

/** Signed by a stranger, with a namespace for each of them to be looked up. */
function manyPrefixes() {
  const xml = hubResponseXml({ ...NOBODY, key: STRANGER_KEY });
  const list = `<x:InclusiveNamespaces xmlns:x="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${fill('saml ', 140_000)}"></x:InclusiveNamespaces>`;
  return xml.replace('</ds:CanonicalizationMethod>', `${list}$&`);
}

const inResponse = (content) =>
  `<samlp:Response xmlns:samlp="${NAMESPACE}" ID="_a" Version="2.0">${content}</samlp:Response>`;

const NOBODY = {
  requestId: `_${'0'.repeat(40)}`,
  now: new Date(),
  destination: ACS,
  recipient: ACS,
  audiences: [[SP]],
};
/** Small messages that nobody has signed who may, */
const GARBAGE = {
  'no base64': '%%%%',
  'no XML': toField('hello, is this an assertion?'),
  'a DOCTYPE': toField(`<!DOCTYPE a [<!ENTITY b "c">]>${inResponse('&b;')}`),
  'no signature': hubResponse({ ...NOBODY, sign: 'nothing' }),
  'a signature of somebody else': hubResponse({ ...NOBODY, key: STRANGER_KEY }),
  'an assertion that is encrypted': hubResponse({ ...NOBODY, encrypt: { certificate: SP_NEW_KEY.certificate } }),
  'another name under a signature': toField(
    hubResponseXml(NOBODY).replace(/(<saml:NameID[^>]*>)[^<]*/, '$1somebody else'),
  ),
};
/** and large ones, which are made to be work. */
const HOSTILE = {
  'a signature with many prefixes': toField(manyPrefixes()),
  elements: toField(inResponse(fill('<a/>', 149_000))),
  nesting: toField(inResponse(fill('<a>', 149_000))),
  attributes: toField(inResponse(`<a ${Array.from({ length: 12_000 }, (_, n) => `b${n}="c"`).join(' ')}/>`)),
  references: toField(inResponse(fill('&amp;', 149_000))),
  text: toField(inResponse(fill('a', 149_000))),
  namespaces: toField(inResponse(fill('<a:b xmlns:a="urn:a"/>', 149_000))),
};

/** Logins by an identity provider while others append, and what messages cost that are refused. */
export async function saml({ authlog, seconds }) {
  const client = new Authlog(authlog.url);
  await client.createPeople('saml', 4);
  const tokens = [];
  for (let n = 0; n < 4; n += 1) tokens.push((await client.logIn(`saml-${n}`, 'rotating')).refreshToken);
  const oneLogin = async (connection) => void expectStatus(await logIn(connection), 200);
  await load(authlog.url, { connections: 8, seconds }, oneLogin);
  const rounds = [];
  for (let round = 0; round < 3; round += 1) {
    const [logged, appended] = await Promise.all([
      load(authlog.url, { connections: 8, seconds }, oneLogin),
      load(authlog.url, { connections: 4, seconds, perSecond: 100 }, async (connection, n) => {
        tokens[n] = (await client.refresh(tokens[n], connection)).refreshToken;
      }),
    ]);
    rounds.push({ perSecond: logged.perSecond, p99: appended.p99 });
  }
  client.close();
  rounds.sort((one, other) => one.perSecond - other.perSecond);
  const { perSecond, p99 } = rounds[1];

  const garbage = [];
  for (const response of Object.values(GARBAGE))
    garbage.push(await costOf(authlog, (connection) => post(connection, response), 400));
  const hostile = [];
  for (const response of Object.values(HOSTILE))
    hostile.push(await costOf(authlog, (connection) => post(connection, response), 40));
  garbage.push(await costOf(authlog, (connection) => connection.request('GET', `/auth/saml/sls?${LOGOUT}`), 400));
  const [worstGarbage, worstHostile] = [Math.max(...garbage), Math.max(...hostile)];
  return [
    {
      what: 'login by SAML, 100 appends/s beside it',
      result: perSecond,
      unit: '/s',
      must: '≥ 150/s',
      ok: perSecond >= 150,
    },
    { what: 'a refresh beside it, p99', result: p99, unit: 'ms' },
    {
      what: 'refused garbage, the worst kind',
      result: worstGarbage,
      unit: 'ms CPU',
      must: '< 2 ms',
      ok: worstGarbage < 2,
    },
    {
      what: 'refused message of 200 kB, the worst kind',
      result: worstHostile,
      unit: 'ms CPU',
      must: '< 50 ms',
      ok: worstHostile < 50,
    },
  ];
}
