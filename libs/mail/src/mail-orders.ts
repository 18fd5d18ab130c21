import { v5 as uuidV5 } from 'uuid';
import { FREE_FAILURES } from '#domain/attempts/attempts.js';
import type { DomainEvent } from '#domain/decider.js';
import type { AuthlogEvent } from '#domain/events.js';
import type { UserId } from '#domain/ids.js';
import type { MailKind } from '#domain/mail/mail.js';
import type { DecodedEvent } from '#event-store/codec.js';
import { LANGUAGES, type Language } from './letters/letter.js';

/** The events that call for a mail, and the streams they stand in. */
const TELLING_TYPES = [
  'ChallengeExhausted',
  'EmailChangeRequested',
  'EmailChangeUndone',
  'EmailChanged',
  'FailedLoginsCleared',
  'PasswordChangeRequired',
  'PasswordChanged',
  'PasswordResetRequested',
  'RecoveryCodeUsed',
  'RecoveryCodesReplaced',
  'SecondFactorEnrolled',
  'SecondFactorRemoved',
] as const satisfies readonly AuthlogEvent['type'][];
export const TELLING_CATEGORIES = ['attempts', 'challenge', 'factor', 'reset', 'user'];

export type TellingEvent = Extract<AuthlogEvent, { type: (typeof TELLING_TYPES)[number] }>;

const tellingTypes: ReadonlySet<string> = new Set(TELLING_TYPES);

export const isTellingType = (type: string): boolean => tellingTypes.has(type);

const isTelling = (event: DomainEvent): event is TellingEvent => isTellingType(event.type);

/** A mail that has to be sent because something happened. */
export interface MailOrder {
  /** UUID, from the id of the event: the same event calls for the same mail. */
  readonly id: string;
  readonly kind: MailKind;
  /** Whose account it is about. */
  readonly userId: UserId;
  readonly event: TellingEvent;
  readonly stream: string;
  readonly occurredAt: Date;
  /** After this it makes no sense any more. */
  readonly deadline: Date;
  /** The one that the receiver asked for; null if it is not known. */
  readonly language: Language | null;
}

/** As long as mail servers keep trying (RFC 5321 §4.5.4.1). */
const NOTICE_MS = 432_000_000;

// Makes a mail's id from its event's; random, fixed for ever.
const NAMESPACE = 'c0a7d3b2-5a5e-4a0e-8f64-7d1f3f0e9b21';

/** The mail that an event calls for; null if it calls for none. */
export function orderFor({ event, id, stream, occurredAt, metadata }: DecodedEvent): MailOrder | null {
  if (!isTelling(event)) return null;
  const called = calledFor(event);
  if (called === null) return null;
  const { kind, userId, deadline = occurredAt.getTime() + NOTICE_MS } = called;
  // Somebody else's language says nothing about the receiver's.
  const isTheirs = metadata['actor'] === userId || metadata['actorKind'] === 'anonymous';
  const language = LANGUAGES.find((each) => isTheirs && each === metadata['language']) ?? null;
  const mailId = uuidV5(id, NAMESPACE);
  return { id: mailId, kind, userId, event, stream, occurredAt, deadline: new Date(deadline), language };
}

interface Called {
  readonly kind: MailKind;
  readonly userId: UserId;
  /** Epoch milliseconds. */
  readonly deadline?: number;
}

function calledFor({ type, data }: TellingEvent): Called | null {
  switch (type) {
    case 'PasswordResetRequested': {
      const { userId, expiresAt } = data;
      return userId === null ? null : { kind: 'password-reset', userId, deadline: Date.parse(expiresAt) };
    }
    case 'EmailChangeRequested': {
      const { userId, heldBy, expiresAt } = data;
      // Who has the address hears of it; to ask for it again in another spelling is no business of anybody else.
      return heldBy === null || heldBy === userId
        ? { kind: 'email-confirmation', userId, deadline: Date.parse(expiresAt) }
        : { kind: 'email-address-in-use', userId: heldBy };
    }
    case 'EmailChanged':
      return data.previousEmail === null
        ? null
        : { kind: 'email-changed', userId: data.userId, deadline: Date.parse(data.undoUntil) };
    case 'FailedLoginsCleared': {
      // So many that somebody had to wait (SEC-30).
      const { userId, failures = 0 } = data;
      return userId === undefined || failures < FREE_FAILURES ? null : { kind: 'login-after-failures', userId };
    }
    case 'ChallengeExhausted':
      return { kind: 'second-factor-guessed', userId: data.userId };
    case 'EmailChangeUndone':
      return { kind: 'email-change-undone', userId: data.userId };
    case 'PasswordChanged':
      return { kind: 'password-changed', userId: data.userId };
    case 'PasswordChangeRequired':
      return { kind: 'password-change-required', userId: data.userId };
    case 'RecoveryCodeUsed':
      return { kind: 'recovery-code-used', userId: data.userId };
    case 'RecoveryCodesReplaced':
      return { kind: 'recovery-codes-replaced', userId: data.userId };
    case 'SecondFactorEnrolled':
      return { kind: 'second-factor-enrolled', userId: data.userId };
    case 'SecondFactorRemoved':
      return { kind: 'second-factor-removed', userId: data.userId };
  }
}
