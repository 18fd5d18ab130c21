import { expect } from 'vitest';
import type { Decider, DomainEvent } from '../decider.js';
import { type Refusal, Refused } from '../refused.js';
import type { SamlFault } from '../saml/saml-fault.js';
import { SamlRefused } from '../saml/saml-refused.js';

interface Dated<Event> {
  readonly at: string;
  readonly event: Event;
}

/** The event at this time (ISO 8601 UTC); events given without one happened at `LONG_AGO`. */
export const at = <Event extends DomainEvent>(time: string, event: Event): Dated<Event> => ({ at: time, event });

export const LONG_AGO = '2029-12-31T00:00:00.000Z';

/** The state that a history leads to. */
export function stateAfter<State, Command, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  history: readonly (Event | Dated<Event>)[],
): State {
  return history.reduce((state, item) => {
    const { at: time, event } = 'event' in item ? item : { at: LONG_AGO, event: item };
    return decider.evolve(state, event, new Date(time));
  }, decider.initial);
}

function thrownBy(decide: () => unknown): unknown {
  try {
    decide();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** `given(events).when(command).yields(events)` or `.refuses(code)`; `.refusesMessage(fault)` of what came by SAML. */
export function scenario<State, Command, Event extends DomainEvent>(decider: Decider<State, Command, Event>) {
  return (...history: readonly (Event | Dated<Event>)[]) => ({
    when(command: Command) {
      const decide = () => decider.decide(stateAfter(decider, history), command);
      return {
        yields(...events: readonly Event[]) {
          expect(decide()).toEqual(events);
        },
        refuses(code: Refusal) {
          const refusal = thrownBy(decide);
          expect(refusal).toBeInstanceOf(Refused);
          expect(refusal).toMatchObject({ code });
        },
        refusesMessage(fault: SamlFault) {
          const refusal = thrownBy(decide);
          expect(refusal).toBeInstanceOf(SamlRefused);
          expect(refusal).toMatchObject({ fault });
        },
      };
    },
  });
}
