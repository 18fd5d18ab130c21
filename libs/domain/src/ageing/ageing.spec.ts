import { describe, expect, it } from 'vitest';
import { RETENTION } from '../retention.js';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import { type AgeingEvent, ageing } from './ageing.js';

const given = scenario(ageing);
const forget = (time: string) => ({ type: 'ForgetAgedEvents', now: new Date(time) }) as const;

describe('what is kept no longer', () => {
  it('is forgotten a day before the store may remove it, of every category that ages (SEC-165)', () => {
    const [event] = ageing.decide(null, forget('2030-06-01T00:00:00.000Z'));
    expect(Object.keys(event?.data.recordedBefore ?? {})).toEqual(RETENTION.map(({ category }) => category));
    expect(event?.data.recordedBefore).toMatchObject({ onetime: '2030-05-03T00:00:00.000Z' });
  });

  it('is said again after half a day, and not before', () => {
    const said: AgeingEvent = { type: 'EventsAged', data: { recordedBefore: {} } };
    const history = at('2030-01-01T00:00:00.000Z', said);
    given(history).when(forget('2030-01-01T11:59:59.999Z')).yields();
    expect(ageing.decide(stateAfter(ageing, [history]), forget('2030-01-01T12:00:00.000Z'))).toHaveLength(1);
  });
});
