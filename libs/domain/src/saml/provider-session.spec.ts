import { describe, expect, it } from 'vitest';
import { asSessionId, asUserId } from '../ids.js';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import { type ProviderSessionEvent, endedIn, isOpenIn, providerSessions } from './provider-session.js';

const given = scenario(providerSessions);
const ada = asUserId('ada');
const [first, second, third] = [asSessionId('s1'), asSessionId('s2'), asSessionId('s3')];
const NOON = '2030-01-01T12:00:00.000Z';

const opened = (
  sessionId = first,
  sessionIndexDigest: string | null = 'one',
  endsAt = '2030-01-01T16:00:00.000Z',
): ProviderSessionEvent => ({
  type: 'ProviderSessionOpened',
  data: { userId: ada, sessionId, sessionIndexDigest, endsAt },
});
const ended = (...digests: readonly string[]): ProviderSessionEvent => ({
  type: 'ProviderSessionsEnded',
  data: { userId: ada, sessionIndexDigests: digests },
});
const allEnded: ProviderSessionEvent = {
  type: 'ProviderSessionsEnded',
  data: { userId: ada, sessionIndexDigests: null },
};
const open = (begunAt: string, sessionIndexDigest: string | null = 'one', sessionId = first) =>
  ({
    type: 'OpenProviderSession',
    userId: ada,
    sessionId,
    sessionIndexDigest,
    endsAt: new Date('2030-01-01T16:00:00.000Z'),
    begunAt: new Date(begunAt),
  }) as const;
const end = (sessionIndexDigests: readonly string[] | null) =>
  ({ type: 'EndProviderSessions', sessionIndexDigests }) as const;

describe('a session at an identity provider', () => {
  it('is remembered with the session that it opens, once', () => {
    given().when(open(NOON)).yields(opened());
    given(at(NOON, opened())).when(open(NOON)).yields();
  });

  it('opens none if it was ended while the login was under way', () => {
    given(at(NOON, ended('one')))
      .when(open('2030-01-01T11:59:00.000Z'))
      .refusesMessage('session-over');
    given(at(NOON, allEnded)).when(open(NOON)).refusesMessage('session-over');
    given(at(NOON, allEnded)).when(open(NOON, null)).refusesMessage('session-over');
  });

  it('opens one if another one was ended meanwhile', () =>
    given(at(NOON, ended('two')))
      .when(open('2030-01-01T11:59:00.000Z'))
      .yields(opened()));

  it('opens one if the login began after the logout: what it is called may be used again (SAML core §2.7.2)', () => {
    given(at(NOON, ended('one')))
      .when(open('2030-01-01T12:00:00.001Z'))
      .yields(opened());
    given(at(NOON, allEnded)).when(open('2030-01-01T12:00:00.001Z', null)).yields(opened(first, null));
  });

  it('does not open again what was ended', () =>
    given(at(NOON, opened()), at(NOON, ended('one')))
      .when(open('2030-01-01T13:00:00.000Z'))
      .refusesMessage('session-over'));
});

describe('a logout at an identity provider', () => {
  it('is recorded each time it is said, and says whose sessions they were', () => {
    given(opened())
      .when(end(['one']))
      .yields(ended('one'));
    given(opened(), ended('one'))
      .when(end(['one']))
      .yields(ended('one'));
    given()
      .when(end(['one']))
      .yields({ type: 'ProviderSessionsEnded', data: { userId: null, sessionIndexDigests: ['one'] } });
    given(opened()).when(end(null)).yields(allEnded);
  });

  it('ends the sessions that it names, and no others', () => {
    const state = stateAfter(providerSessions, [
      at(NOON, opened()),
      at(NOON, opened(second, 'two')),
      at(NOON, opened(third, null)),
      at(NOON, ended('one')),
    ]);
    expect(endedIn(state, ['one']).map(({ sessionId }) => sessionId)).toEqual([first]);
    expect([first, second, third].map((id) => isOpenIn(state, id))).toEqual([false, true, true]);
  });

  it('that names none ends all of the person', () => {
    const state = stateAfter(providerSessions, [
      at(NOON, opened()),
      at(NOON, opened(second, null)),
      at(NOON, allEnded),
    ]);
    expect(endedIn(state, null).map(({ sessionId }) => sessionId)).toEqual([first, second]);
  });

  it('can be finished by a second one: what it named is still known', () => {
    const state = stateAfter(providerSessions, [at(NOON, opened()), at(NOON, ended('one')), at(NOON, ended('one'))]);
    expect(endedIn(state, ['one'])).toHaveLength(1);
  });
});

describe('what is remembered of somebody', () => {
  it('is no more than what can still matter, so that the ten-thousandth login costs what the first did', () => {
    const hourly = Array.from({ length: 10_000 }, (_, hour) => {
      const time = Date.parse(NOON) + hour * 3_600_000;
      const endsAt = new Date(time + 4 * 3_600_000).toISOString();
      return [
        at(new Date(time).toISOString(), opened(asSessionId(`s${hour}`), `index ${hour}`, endsAt)),
        at(new Date(time + 1).toISOString(), ended(`index ${hour}`)),
      ];
    });
    const state = stateAfter(providerSessions, hourly.flat());
    expect(state.opened).toHaveLength(4);
    expect(state.endings).toHaveLength(1);
  });

  it('goes on for as long as a login may take: ten minutes for the answer, ten for the second factor', () => {
    const after = (time: string) =>
      stateAfter(providerSessions, [at(NOON, ended('one')), at(time, opened(second, 'two'))]).endings.length;
    expect(after('2030-01-01T12:19:59.999Z')).toBe(1);
    expect(after('2030-01-01T12:20:00.000Z')).toBe(0);
  });
});
