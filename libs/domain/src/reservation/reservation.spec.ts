import { describe, expect, it } from 'vitest';
import { asUserId } from '../ids.js';
import { at, scenario } from '../testing/scenario.js';
import { type IdentifierKind, type ReservationEvent, isLeftBehind, reservation } from './reservation.js';

const given = scenario(reservation);

const ada = asUserId('ada');
const eve = asUserId('eve');
const reserved = (holder = ada): ReservationEvent => ({
  type: 'IdentifierReserved',
  data: { holder, commandId: `for-${holder}` },
});
const confirmed: ReservationEvent = { type: 'IdentifierConfirmed', data: { holder: ada } };
const released: ReservationEvent = { type: 'IdentifierReleased', data: { holder: ada } };
const reserve = (holder = ada, kind: IdentifierKind = 'name') =>
  ({ type: 'ReserveIdentifier', kind, holder, commandId: `for-${holder}` }) as const;

describe('reserving an identifier', () => {
  it('takes a free one', () => given().when(reserve()).yields(reserved()));
  it('takes a released one', () => given(reserved(), confirmed, released).when(reserve(eve)).yields(reserved(eve)));
  it('changes nothing the second time', () => {
    given(reserved()).when(reserve()).yields();
    given(reserved(), confirmed).when(reserve()).yields();
  });
  it('changes nothing when the same command comes again with another candidate', () => {
    const again = { ...reserve(eve), commandId: `for-${ada}` };
    given(reserved()).when(again).yields();
    given(reserved(), confirmed).when(again).yields();
  });
  it('is refused for what another user holds', () => {
    given(reserved(), confirmed).when(reserve(eve)).refuses('username-taken');
    given(reserved(), confirmed).when(reserve(eve, 'email')).refuses('email-taken');
    given(reserved(), confirmed).when(reserve(eve, 'idp')).refuses('identity-taken');
  });
  it('is refused for what another command has just reserved', () =>
    given(reserved()).when(reserve(eve)).refuses('username-taken'));
  it('takes over what a command left behind whose user will never be', () =>
    given(reserved())
      .when({ ...reserve(eve), givenUpBy: ada })
      .yields(reserved(eve)));
  it('takes over an e-mail address that its holder has given up, and never a name or an identity', () => {
    given(reserved(), confirmed)
      .when({ ...reserve(eve, 'email'), givenUpBy: ada })
      .yields(reserved(eve));
    given(reserved(), confirmed)
      .when({ ...reserve(eve), givenUpBy: ada })
      .refuses('username-taken');
    given(reserved(), confirmed)
      .when({ ...reserve(eve, 'idp'), givenUpBy: ada })
      .refuses('identity-taken');
  });
  it('takes over nothing from who has not given it up', () =>
    given(reserved(eve))
      .when({ ...reserve(asUserId('bob'), 'email'), givenUpBy: ada })
      .refuses('email-taken'));
  it('is done anew by who held it before and comes back', () => {
    const again = { ...reserve(ada, 'email'), commandId: 'another' };
    given(reserved(), confirmed)
      .when(again)
      .yields({ type: 'IdentifierReserved', data: { holder: ada, commandId: 'another' } });
  });
});

describe('confirming a reservation', () => {
  it('makes it last', () => given(reserved()).when({ type: 'ConfirmIdentifier', holder: ada }).yields(confirmed));
  it('changes nothing the second time', () =>
    given(reserved(), confirmed).when({ type: 'ConfirmIdentifier', holder: ada }).yields());
  it('is refused to anyone but its holder', () => {
    given(reserved()).when({ type: 'ConfirmIdentifier', holder: eve }).refuses('reservation-lost');
    given().when({ type: 'ConfirmIdentifier', holder: ada }).refuses('reservation-lost');
  });
});

describe('releasing an identifier', () => {
  it('frees it', () => given(reserved()).when({ type: 'ReleaseIdentifier', holder: ada }).yields(released));
  it('changes nothing for anyone but its holder, nor the second time', () => {
    given(reserved()).when({ type: 'ReleaseIdentifier', holder: eve }).yields();
    given(reserved(), released).when({ type: 'ReleaseIdentifier', holder: ada }).yields();
  });
});

describe('a reservation that is never confirmed', () => {
  const state = {
    status: 'reserved',
    holder: ada,
    commandId: 'c1',
    reservedAt: new Date('2030-01-01T00:00:00.000Z'),
  } as const;

  it('counts as left behind after a minute', () => {
    expect(isLeftBehind(state, new Date('2030-01-01T00:00:59.999Z'))).toBe(false);
    expect(isLeftBehind(state, new Date('2030-01-01T00:01:00.000Z'))).toBe(true);
  });

  it('is dated by its own event', () => given(at('2030-01-01T00:00:00.000Z', reserved())).when(reserve()).yields());
});
