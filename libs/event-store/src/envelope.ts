import { randomUUID } from 'node:crypto';

/** Who an event's actor is (design §2). */
export type ActorKind = 'user' | 'admin' | 'service' | 'provider' | 'system' | 'anonymous';

/** What every event says beside its facts: who, when, why, and by which command. */
export interface CommandContext {
  /** UUID; the same for every try to carry out the same command. */
  readonly commandId: string;
  /**
   * Set when the caller chose the id (`Idempotency-Key`): a fingerprint of what was asked, so that the same key cannot
   * stand for something else.
   */
  readonly fingerprint?: string;
  /** The request this belongs to. */
  readonly correlationId: string;
  /** The event or command that led to this one; left out, the command itself. */
  readonly causationId?: string;
  /** Opaque id of the account that acts, or of the part of the system. */
  readonly actor: string;
  readonly actorKind: ActorKind;
  /** The session it is done in. */
  readonly sessionId?: string;
  /** In which of our languages the actor wants to be spoken to, if they said (RFC 9110 §12.5.4). */
  readonly language?: string;
  /** The trace in which it is carried out (W3C Trace Context), if it is followed. */
  readonly traceparent?: string;
  readonly now: Date;
}

/** What authlog, or a part of it, does of itself. */
export function systemContext(now: Date, actor = 'authlog'): CommandContext {
  const commandId = randomUUID();
  return { commandId, correlationId: commandId, actor, actorKind: 'system', now };
}

/** The flat map of strings that is stored with each event. */
export function asMetadata(context: CommandContext, schema: number): Record<string, string> {
  const {
    commandId,
    fingerprint,
    correlationId,
    causationId,
    actor,
    actorKind,
    sessionId,
    language,
    traceparent,
    now,
  } = context;
  return {
    schema: String(schema),
    occurredAt: now.toISOString(),
    commandId,
    correlationId,
    causationId: causationId ?? commandId,
    actor,
    actorKind,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(language === undefined ? {} : { language }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
