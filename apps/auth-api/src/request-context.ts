import { createHmac, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { v5 as uuidV5 } from 'uuid';
import { type SessionId, type UserId } from '#domain/ids.js';
import type { Role } from '#domain/role.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Clock } from '#host/clock.js';
import { LANGUAGES, type Language } from '#mail/letters/letter.js';
import { Vault } from '#vault/vault.js';
import { BadRequest } from './bad-request.js';

/** What is known of a command before it is known who gives it. */
export type RequestContext = Pick<CommandContext, 'commandId' | 'fingerprint' | 'correlationId' | 'language' | 'now'>;

/** Who gives it. */
export type Actor = Pick<CommandContext, 'actor' | 'actorKind' | 'sessionId'>;

export const ANONYMOUS: Actor = { actor: 'anonymous', actorKind: 'anonymous' };
/** authlog itself, for what nobody asked for. */
export const SYSTEM: Actor = { actor: 'authlog', actorKind: 'system' };

const KINDS: Readonly<Partial<Record<Role, Actor['actorKind']>>> = {
  ADMIN: 'admin',
  SERVICE: 'service',
  PROVIDER: 'provider',
};

/** An account acting in one of its sessions. */
export function actorOf({ userId, role, sessionId }: { userId: UserId; role: Role; sessionId: SessionId }): Actor {
  return { actor: userId, actorKind: KINDS[role] ?? 'user', sessionId };
}

// Makes a command's id from a caller's idempotency key; random, fixed for ever.
const COMMAND_NAMESPACE = '7d7c2f0e-3a1b-4c59-8f1e-2b6d9a0c4e11';
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;
const CORRELATION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Reads from a request what every command needs beside its own input. */
@Injectable()
export class RequestContexts {
  private readonly fingerprintKey: Buffer;

  constructor(
    private readonly clock: Clock,
    vault: Vault,
  ) {
    this.fingerprintKey = vault.derivedKey('fingerprint');
  }

  /** For commands that know by themselves whether they are repeated, or that must be decided every time. */
  of(request: FastifyRequest): RequestContext {
    const language = languageOf(request);
    return {
      commandId: randomUUID(),
      correlationId: correlationIdOf(request),
      now: this.clock.now(),
      ...(language === undefined ? {} : { language }),
    };
  }

  /** The same, by a caller who is known. */
  by(request: FastifyRequest, caller: Parameters<typeof actorOf>[0]): CommandContext {
    return { ...this.of(request), ...actorOf(caller) };
  }

  /**
   * For commands that a caller may repeat under an `Idempotency-Key`. Carried out once, they are not decided again: whoever
   * asks must have been authenticated before.
   * @param owner who the key belongs to: the same key of somebody else is another key (SEC-134)
   * @param input what must be the same when the key is used again; never a password
   * @throws BadRequest if the header is none
   */
  repeatable(request: FastifyRequest, owner: string, input: unknown): RequestContext {
    const key = request.headers['idempotency-key'];
    if (key === undefined) return this.of(request);
    if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key))
      throw new BadRequest('idempotency-key-invalid', 'Idempotency-Key must be 1 to 128 visible ASCII characters.');
    const call = `${request.method} ${request.routeOptions.url ?? ''}`;
    const commandId = uuidV5(`${owner}\n${call}\n${key}`, COMMAND_NAMESPACE);
    const fingerprint = createHmac('sha256', this.fingerprintKey).update(canonical(input)).digest('base64url');
    return { ...this.of(request), commandId, fingerprint };
  }

  /** The same, by a caller who is known: the key is theirs. */
  repeatableBy(request: FastifyRequest, caller: Parameters<typeof actorOf>[0], input: unknown): CommandContext {
    return { ...this.repeatable(request, caller.userId, input), ...actorOf(caller) };
  }
}

/** The command's id if its caller chose it: what is made of it is the same when the command is repeated. */
export const chosenId = ({ commandId, fingerprint }: RequestContext): string | undefined =>
  fingerprint === undefined ? undefined : commandId;

/** The first language of ours that the request names (RFC 9110 §12.5.4); undefined if it names none. */
export function languageOf({ headers }: FastifyRequest): Language | undefined {
  if (headers['accept-language'] === undefined) return undefined;
  const wanted = new Negotiator({ headers }).languages().map((tag) => tag.split('-')[0]?.toLowerCase());
  return wanted.flatMap((tag) => LANGUAGES.filter((language) => language === tag))[0];
}

/** The caller's `Job-Id` (ucloud-users-api §2.1), or an id of our own. */
export function correlationIdOf({ headers, id }: FastifyRequest): string {
  const jobId = headers['job-id'];
  return typeof jobId === 'string' && CORRELATION_ID.test(jobId) ? jobId : id;
}

/** JSON with the keys of objects in order, so that it does not matter how they were sent. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

// Makes the ids of what a command creates; random, fixed for ever.
const DERIVED_NAMESPACE = '3f9b1c6a-6c0e-4f0d-9a57-1f4f6b8e2d05';

/** An id that the command gives to something it creates: the same when the command is repeated. */
export const derivedId = (commandId: string, what: string) => uuidV5(`${commandId}/${what}`, DERIVED_NAMESPACE);
