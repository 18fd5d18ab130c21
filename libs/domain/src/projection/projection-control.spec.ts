import { describe, expect, it } from 'vitest';
import { scenario, stateAfter } from '../testing/scenario.js';
import { type ProjectionControlEvent, projectionControl } from './projection-control.js';

const given = scenario(projectionControl);
const paused: ProjectionControlEvent = { type: 'ProjectionPaused', data: {} };
const resumed: ProjectionControlEvent = { type: 'ProjectionResumed', data: {} };
const reason = 'written by a version that never was';
const skipped: ProjectionControlEvent = { type: 'ParkedEventSkipped', data: { eventId: 'e1', reason } };

describe('a projection', () => {
  it('stands still once, and goes on once', () => {
    given().when({ type: 'PauseProjection' }).yields(paused);
    given(paused).when({ type: 'PauseProjection' }).yields();
    given(paused).when({ type: 'ResumeProjection' }).yields(resumed);
    given(paused, resumed).when({ type: 'ResumeProjection' }).yields();
  });

  it('is told to try again as often as somebody says so', () => {
    const retried: ProjectionControlEvent = { type: 'ParkedEventsRetried', data: { sequence: 'user-1' } };
    given(retried).when({ type: 'RetryParkedEvents', sequence: 'user-1' }).yields(retried);
    given()
      .when({ type: 'RetryParkedEvents', sequence: null })
      .yields({ type: 'ParkedEventsRetried', data: { sequence: null } });
  });

  it('leaves out an event for a reason', () => {
    given().when({ type: 'SkipParkedEvent', eventId: 'e1', reason }).yields(skipped);
    given(skipped).when({ type: 'SkipParkedEvent', eventId: 'e1', reason: 'another one' }).yields();
    for (const bad of ['', ' ', 'x'.repeat(2_000), 'a\u0000b'])
      given().when({ type: 'SkipParkedEvent', eventId: 'e1', reason: bad }).refuses('reason-invalid');
    expect([...stateAfter(projectionControl, [skipped, paused]).skipped]).toEqual(['e1']);
  });
});
