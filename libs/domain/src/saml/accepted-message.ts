import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName } from '../ids.js';
import { SamlRefused } from './saml-refused.js';

/** @param digest keyed hash of the issuer's entity id and the id that it gave the message */
export const acceptedMessageStream = (digest: string): StreamName => `samlmessage-${digest}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export interface AcceptedMessageEvent {
  readonly type: 'SamlMessageAccepted';
  /** After this the message would be refused for its age; ISO 8601 UTC. */
  readonly data: { readonly acceptableUntil: string };
}

export const acceptedMessageEvents: EventCatalogue<AcceptedMessageEvent> = { SamlMessageAccepted: { schema: 1 } };

export interface AcceptSamlMessage {
  readonly type: 'AcceptSamlMessage';
  readonly acceptableUntil: Date;
  /** The request of ours that it answers, if it is an answer. */
  readonly requestId?: string;
}

export type AcceptedMessage = { readonly status: 'new' } | { readonly status: 'accepted' };

/** A message of an identity provider is accepted once, whichever request it comes with (SEC-112). */
export const acceptedMessage: Decider<AcceptedMessage, AcceptSamlMessage, AcceptedMessageEvent> = {
  events: acceptedMessageEvents,
  initial: { status: 'new' },
  evolve: () => ({ status: 'accepted' }),

  decide(state, { acceptableUntil, requestId }) {
    if (state.status === 'accepted') throw new SamlRefused('assertion-replayed', requestId);
    return [{ type: 'SamlMessageAccepted', data: { acceptableUntil: acceptableUntil.toISOString() } }];
  },
};
