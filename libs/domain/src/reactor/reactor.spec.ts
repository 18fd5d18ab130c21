import { describe, it } from 'vitest';
import { scenario } from '../testing/scenario.js';
import { type ReactorEvent, reactor } from './reactor.js';

const given = scenario(reactor);
const began: ReactorEvent = { type: 'ReactorBegan', data: { at: '7' } };
const advanced = (through: string): ReactorEvent => ({ type: 'ReactorAdvanced', data: { through } });

describe('a reactor', () => {
  it('begins once', () => {
    given().when({ type: 'BeginReactor', at: '7' }).yields(began);
    given(began).when({ type: 'BeginReactor', at: '9' }).yields();
  });

  it('goes forward only', () => {
    given(began).when({ type: 'AdvanceReactor', through: '10' }).yields(advanced('10'));
    given(began, advanced('10')).when({ type: 'AdvanceReactor', through: '10' }).yields();
    given(began, advanced('10')).when({ type: 'AdvanceReactor', through: '9' }).yields();
  });
});
