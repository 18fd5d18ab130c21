import { describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { SAML_FAULTS, type SamlFault } from '#domain/saml/saml-fault.js';
import { ANONYMOUS } from '../request-context.js';
import { type RefusedRequest, RefusalWindows, TOLD_APART, type Tally } from './refusal-windows.js';
import { whereaboutsOf } from './whereabouts.js';

const from = (ipAddress: string, more: Partial<RefusedRequest> = {}): RefusedRequest => ({
  code: 'login-throttled',
  call: 'POST /auth/login',
  actor: ANONYMOUS,
  userId: null,
  identifierDigest: null,
  saml: null,
  correlationId: 'c0ffee',
  ...whereaboutsOf(ipAddress),
  ...more,
});
const HERE = '192.0.2.7';
const WAYF = 'https://wayf.example';
const message = (fault: SamlFault, requestId: string | null = null, identityProvider: string | null = WAYF) =>
  ({ code: 'saml-login-refused', saml: { fault, identityProvider, requestId } }) as const;
const at = (time: string) => new Date(`2030-01-01T${time}Z`);
const NOON = at('12:00:00.000');
const NEXT_MINUTE = at('12:01:00.000');
const counts = (tallies: readonly Tally[]) => tallies.map(({ count }) => count);
const sum = (tallies: readonly Tally[]) => tallies.reduce((total, { count }) => total + count, 0);

/** All that is to be recorded of requests that come within a minute. */
function recordedOf(requests: readonly RefusedRequest[]): Tally[] {
  const windows = new RefusalWindows();
  const atOnce = requests.flatMap((request) => windows.count(request, NOON));
  return [...atOnce, ...windows.over(NEXT_MINUTE)];
}

describe('refusals within a minute', () => {
  it('are recorded at once the first time, and together when it is over', () => {
    const windows = new RefusalWindows();
    expect(windows.count(from(HERE), NOON)).toEqual([
      { request: from(HERE), commandId: expect.any(String), count: 1, firstAt: NOON, lastAt: NOON },
    ]);
    expect(windows.count(from(HERE, { correlationId: 'second' }), at('12:00:01.000'))).toEqual([]);
    expect(windows.count(from(HERE, { correlationId: 'third' }), at('12:00:59.999'))).toEqual([]);
    expect(windows.over(at('12:00:59.999'))).toEqual([]);
    expect(windows.over(NEXT_MINUTE)).toEqual([
      {
        request: from(HERE, { correlationId: 'second' }),
        commandId: expect.any(String),
        count: 2,
        firstAt: at('12:00:01.000'),
        lastAt: at('12:00:59.999'),
      },
    ]);
    expect(windows.over(at('12:02:00.000'))).toEqual([]);
  });

  it('leave one event if there is one of them', () => {
    const windows = new RefusalWindows();
    expect(counts(windows.count(from(HERE), NOON))).toEqual([1]);
    expect(windows.close()).toEqual([]);
  });

  it('begin anew with the next minute, also when the clock was put back', () => {
    const windows = new RefusalWindows();
    windows.count(from(HERE), NOON);
    windows.count(from(HERE), NOON);
    expect(counts(windows.count(from(HERE), NEXT_MINUTE))).toEqual([1, 1]);
    windows.count(from(HERE), NEXT_MINUTE);
    expect(counts(windows.count(from(HERE), NOON))).toEqual([1, 1]);
  });

  it('are told apart by reason, call, account, session, name and client', () => {
    const ada = asUserId('ada');
    const actor = { actor: ada, actorKind: 'user', sessionId: 'one' } as const;
    const different = [
      from(HERE),
      from('198.51.100.1'),
      from(HERE, { code: 'role-not-allowed' }),
      from(HERE, { call: 'GET /auth/sessions' }),
      from(HERE, { userId: ada }),
      from(HERE, { userId: ada, actor }),
      from(HERE, { userId: ada, actor: { ...actor, sessionId: 'two' } }),
      from(HERE, { identifierDigest: 'of a name' }),
      from('2001:db8::1'),
    ];
    const windows = new RefusalWindows();
    for (const request of different) expect(counts(windows.count(request, NOON))).toEqual([1]);
    for (const request of different) expect(windows.count(request, NOON)).toEqual([]);
    // Of one /64 all addresses are one client (SEC-142).
    expect(windows.count(from('2001:db8::ffff'), NOON)).toEqual([]);
  });
});

describe('refused SAML messages', () => {
  it('are told apart by fault and identity provider, and not by the request that they name', () => {
    const windows = new RefusalWindows();
    const different = [
      from(HERE, message('expired')),
      from(HERE, message('browser-wrong')),
      from(HERE, message('expired', null, 'https://another.example')),
      from(HERE, message('expired', null, null)),
    ];
    for (const request of different) expect(counts(windows.count(request, NOON))).toEqual([1]);
    for (const request of different) expect(windows.count(request, NOON)).toEqual([]);
    for (let n = 0; n < 1_000; n += 1) windows.count(from(HERE, message('expired', `request ${n}`)), NOON);
    expect(counts(windows.over(NEXT_MINUTE))).toEqual([1_001, 1, 1, 1]);
  });

  it('in a flood of all faults from everywhere leave a bounded number, which says of each how many there were', () => {
    const flood = Array.from({ length: 20_000 }, (_, n) =>
      from(
        `${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.1`,
        message(SAML_FAULTS[n % SAML_FAULTS.length] ?? 'expired'),
      ),
    );
    const recorded = recordedOf(flood);
    expect(recorded).toHaveLength(TOLD_APART.everybody + SAML_FAULTS.length);
    expect(sum(recorded)).toBe(flood.length);
    const last = recorded.slice(-SAML_FAULTS.length).map(({ request }) => request.saml);
    expect(new Set(last.map((saml) => saml?.fault))).toEqual(new Set(SAML_FAULTS));
    expect(last.every((saml) => saml?.identityProvider === null && saml.requestId === null)).toBe(true);
  });
});

describe('a flood', () => {
  const FLOOD = 10_000;
  const flood = (request: (n: number) => RefusedRequest) => Array.from({ length: FLOOD }, (_, n) => request(n));
  const addressOf = (n: number) => `${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.1`;

  it('of one kind leaves two events', () => {
    expect(counts(recordedOf(flood(() => from(HERE))))).toEqual([1, FLOOD - 1]);
  });

  it('of names from one client is told apart by name for a while, then by client', () => {
    const recorded = recordedOf(flood((n) => from(HERE, { identifierDigest: `name ${n}` })));
    expect(recorded.map(({ request }) => request.identifierDigest)).toEqual([
      ...Array.from({ length: TOLD_APART.address }, (_, n) => `name ${n}`),
      null,
      null,
    ]);
    expect(recorded.at(-1)).toMatchObject({
      count: FLOOD - TOLD_APART.address - 1,
      request: { ipAddress: HERE, call: null },
    });
    expect(sum(recorded)).toBe(FLOOD);
  });

  it('from one network is told apart by client for a while, then by network', () => {
    const recorded = recordedOf(flood((n) => from(`2001:db8:0:${n.toString(16)}::1`)));
    expect(recorded.filter(({ request }) => request.address !== null)).toHaveLength(TOLD_APART.network);
    expect(recorded.at(-1)?.request).toMatchObject({ ipAddress: null, address: null, network: '2001:db8:0::/48' });
    expect(sum(recorded)).toBe(FLOOD);
  });

  it('from everywhere leaves a bounded number, and one more for each reason', () => {
    const recorded = recordedOf(
      flood((n) => from(addressOf(n), { code: n % 2 ? 'login-throttled' : 'scope-missing' })),
    );
    expect(recorded).toHaveLength(TOLD_APART.everybody + 2);
    expect(recorded.slice(-2).map(({ request }) => [request.code, request.network])).toEqual([
      ['scope-missing', null],
      ['login-throttled', null],
    ]);
    expect(sum(recorded)).toBe(FLOOD);
  });

  it('from one network leaves room for those from elsewhere', () => {
    const windows = new RefusalWindows();
    for (const request of flood((n) => from(`192.0.2.${n % 256}`, { identifierDigest: `name ${n}` })))
      windows.count(request, NOON);
    expect(windows.count(from('198.51.100.1'), NOON)).toMatchObject([{ request: from('198.51.100.1') }]);
  });

  it('takes up no more memory than it leaves events', () => {
    const windows = new RefusalWindows();
    for (const request of flood((n) => from(addressOf(n), { identifierDigest: `name ${n}` })))
      windows.count(request, NOON);
    expect(windows['windows'].size).toBeLessThanOrEqual(TOLD_APART.everybody + 1);
    expect(windows['used'].size).toBeLessThanOrEqual(2 * TOLD_APART.everybody + 1);
  });
});
