import { describe, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { type Administrator, type AdministrationEvent, administration } from './administration.js';

const given = scenario(administration);
const at = (name: string, sessionEpoch = 0): Administrator => ({ userId: asUserId(name), sessionEpoch });
const withdraw = (from: Administrator, by: Administrator | null) =>
  ({ type: 'WithdrawAdministration', from, by }) as const;
const withdrawn = (data: Administrator): AdministrationEvent => ({ type: 'AdministrationWithdrawn', data });

describe('withdrawing the administration (SEC-175)', () => {
  it('is done by another administrator, once', () => {
    given()
      .when(withdraw(at('ada'), at('grace')))
      .yields(withdrawn(at('ada')));
    given(withdrawn(at('ada')))
      .when(withdraw(at('ada'), at('grace')))
      .yields();
  });

  it('is refused to somebody from whom it was withdrawn: of two who do it to each other one is left', () => {
    given(withdrawn(at('ada')))
      .when(withdraw(at('grace'), at('ada')))
      .refuses('administration-withdrawn');
    given(withdrawn(at('ada')))
      .when(withdraw(at('hedy'), at('ada')))
      .refuses('administration-withdrawn');
  });

  it('is refused to somebody who is no administrator by now', () =>
    given()
      .when(withdraw(at('ada'), null))
      .refuses('administration-withdrawn'));

  it('is for the account as it was: who administers again may, and may lose it again', () => {
    const before = withdrawn(at('ada', 3));
    for (const epoch of [0, 2, 3])
      given(before)
        .when(withdraw(at('grace'), at('ada', epoch)))
        .refuses('administration-withdrawn');
    given(before)
      .when(withdraw(at('grace'), at('ada', 4)))
      .yields(withdrawn(at('grace')));
    given(before)
      .when(withdraw(at('ada', 4), at('grace')))
      .yields(withdrawn(at('ada', 4)));
    given(before)
      .when(withdraw(at('ada', 2), at('grace')))
      .yields();
  });
});
