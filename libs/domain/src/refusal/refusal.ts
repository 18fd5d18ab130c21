import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import type { SamlFault } from '../saml/saml-fault.js';
import type { RecordedCode, RefusalKind } from './recorded-refusals.js';
import { type RequestSource, addressesOn } from './request-source.js';

/**
 * Each process writes a stream of its own each day (UTC): nobody is in its way, and nobody has to read much of it.
 * @param time ISO 8601 UTC
 * @param writer of the process; a random UUID
 */
export const refusalsStream = (time: string, writer: string): StreamName => `refusals-${time.slice(0, 10)}.${writer}`;

/** Why a SAML message was refused; whoever sent it is not told. */
export interface RefusedSamlMessage {
  readonly fault: SamlFault;
  /** The entity id of the configured one that it was to be from; null for none, or not known so far. */
  readonly identityProvider: string | null;
  /** Of a request of ours that it names, of the first where several are counted together; null for none. */
  readonly requestId: string | null;
}

/**
 * Requests that were refused for the same reason to the same somebody within a minute. There are two of these events at most: of the
 * first, and of those that followed.
 */
export interface RequestRefused extends RequestSource {
  readonly kind: RefusalKind;
  readonly code: RecordedCode;
  /** Method and pattern of the route, as in `POST /auth/login`; null where several are counted together. */
  readonly call: string | null;
  /** How many requests this stands for. */
  readonly count: number;
  /** When the first and the last of them were refused; ISO 8601 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The caller, or whose token or challenge was shown; null for not known. */
  readonly userId: UserId | null;
  /** Whether the caller has shown that they are this user. */
  readonly isAuthenticated: boolean;
  /** Keyed hash of the name or e-mail address that was typed (SEC-158), as in `attempts-<hmac>`; null for none. */
  readonly identifierDigest: string | null;
  /** Left out where it was no SAML message. */
  readonly saml?: RefusedSamlMessage;
}

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type RefusalEvent = { readonly type: 'RequestRefused'; readonly data: RequestRefused };

/** An address is erased with the account of who has shown that it is theirs. That of a thief is not theirs to erase. */
const addressOwner = ({ userId, isAuthenticated, firstAt }: RequestRefused) =>
  userId !== null && isAuthenticated ? userId : addressesOn(firstAt);

export const refusalEvents: EventCatalogue<RefusalEvent> = {
  RequestRefused: {
    schema: 1,
    personal: { fields: ['ipAddress'], subject: addressOwner },
  },
};

export interface RecordRefusal {
  readonly type: 'RecordRefusal';
  readonly refusal: RequestRefused;
}

/** Facts that need no decision: what was refused is kept. */
export const refusals: Decider<null, RecordRefusal, RefusalEvent> = {
  events: refusalEvents,
  initial: null,
  // A day of a flood is long, and nobody has to read it for the next fact.
  foldVersion: 1,
  evolve: () => null,
  decide: (_, { refusal }) => [{ type: 'RequestRefused', data: refusal }],
};
