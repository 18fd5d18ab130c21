import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName } from '../ids.js';
import { SamlRefused } from './saml-refused.js';

const REQUEST_ID = /^_[0-9a-f]{40}$/;

/** Whether a text can be the id of a request of ours: an XML name of 160 random bits (SAML core §1.3.4). */
export const isSamlRequestId = (text: string) => REQUEST_ID.test(text);

/** @param id one that `isSamlRequestId` */
export const samlRequestStream = (id: string): StreamName => `samlrequest-${id}`;

/** What an answer is wanted for. Identity providers are called as in the settings. */
export type SamlRequestPurpose =
  | {
      readonly kind: 'login';
      readonly identityProvider: string;
      /** The login service that it leads to. */
      readonly service: string;
      /** Whether the person was to prove anew who they are: they have to have done so since. */
      readonly forceAuthn: boolean;
    }
  /** That a session ends there, too. */
  | { readonly kind: 'logout'; readonly identityProvider: string };

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type SamlRequestEvent =
  | {
      readonly type: 'SamlRequestIssued';
      readonly data: {
        readonly purpose: SamlRequestPurpose;
        /** SHA-256 of the secret that the browser has in a cookie, base64url. */
        readonly browserHash: string;
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
      };
    }
  | { readonly type: 'SamlRequestAnswered'; readonly data: Record<string, never> };

export const samlRequestEvents: EventCatalogue<SamlRequestEvent> = {
  SamlRequestIssued: { schema: 1 },
  SamlRequestAnswered: { schema: 1 },
};

/** An answer to a request of ours, as far as it can be told whether it is one. */
export interface SamlAnswer {
  /** Of the request, as the answer says. */
  readonly requestId: string;
  readonly kind: SamlRequestPurpose['kind'];
  /** Whose signature it has. */
  readonly identityProvider: string;
  /** Of the secret in the cookie of the browser that brought it; null for none. */
  readonly browserHash: string | null;
  readonly now: Date;
}

export type SamlRequestCommand =
  | {
      readonly type: 'IssueSamlRequest';
      readonly purpose: SamlRequestPurpose;
      readonly browserHash: string;
      readonly now: Date;
    }
  | ({ readonly type: 'AnswerSamlRequest' } & SamlAnswer);

export interface OpenSamlRequest {
  readonly status: 'open';
  readonly purpose: SamlRequestPurpose;
  readonly browserHash: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export type SamlRequest = { readonly status: 'none' } | OpenSamlRequest | { readonly status: 'answered' };

/**
 * How long an answer is waited for: enough to find a password and a telephone at the institution. WAYF itself remembers a login for
 * three minutes (wayf-saml §1.3), others for longer.
 */
export const SAML_REQUEST_MS = 600_000;

/**
 * A request of ours, good for one answer, from the identity provider that was asked, through the browser that asked. What is not
 * accepted as its answer leaves it open, so that nobody can spoil somebody else's login.
 */
export const samlRequest: Decider<SamlRequest, SamlRequestCommand, SamlRequestEvent> = {
  events: samlRequestEvents,
  initial: { status: 'none' },

  evolve(_, { type, data }, occurredAt) {
    switch (type) {
      case 'SamlRequestIssued': {
        const { purpose, browserHash, expiresAt } = data;
        return { status: 'open', purpose, browserHash, issuedAt: occurredAt, expiresAt: new Date(expiresAt) };
      }
      case 'SamlRequestAnswered':
        return { status: 'answered' };
    }
  },

  decide(state, command) {
    if (command.type === 'AnswerSamlRequest') {
      demandAnswerable(state, command);
      return [{ type: 'SamlRequestAnswered', data: {} }];
    }
    if (state.status !== 'none') return [];
    const { purpose, browserHash, now } = command;
    const expiresAt = new Date(now.getTime() + SAML_REQUEST_MS).toISOString();
    return [{ type: 'SamlRequestIssued', data: { purpose, browserHash, expiresAt } }];
  },
};

/**
 * The request, if it waits for this answer; also for whoever has something to do before answering it closes the request.
 * @throws SamlRefused `request-unknown`, `request-answered`, `request-wrong`, `browser-wrong` or `request-expired`
 */
export function demandAnswerable(state: SamlRequest, answer: SamlAnswer): OpenSamlRequest {
  const { requestId } = answer;
  if (state.status === 'none') throw new SamlRefused('request-unknown', requestId);
  if (state.status === 'answered') throw new SamlRefused('request-answered', requestId);
  const { kind, identityProvider } = state.purpose;
  if (kind !== answer.kind || identityProvider !== answer.identityProvider)
    throw new SamlRefused('request-wrong', requestId);
  // Hashes of random secrets: how long it takes to tell them apart says nothing about the secret.
  if (state.browserHash !== answer.browserHash) throw new SamlRefused('browser-wrong', requestId);
  if (state.expiresAt <= answer.now) throw new SamlRefused('request-expired', requestId);
  return state;
}
