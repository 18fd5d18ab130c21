import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { SAML_REQUEST_MS } from '#domain/saml/saml-request.js';

/** Only we can set a cookie of this name, and only for all of this very host (RFC 6265bis §4.1.3.2). */
const PREFIX = '__Host-saml-';
const SECRET_BYTES = 32;
/** Enough of the id of a request to tell apart those of one browser. */
const ID_LENGTH = 16;
// Whatever else begins like it, somebody else has set, and perhaps nobody can unset.
const OURS = /^__Host-saml-[0-9a-f]{16}$/;
/** So many logins may be under way in one browser; what is left of more is forgotten, so that its requests do not grow. */
const MOST_AT_ONCE = 8;

/** What a browser sends. */
export type SentCookies = Readonly<Record<string, string | undefined>>;

export interface BrowserSecret {
  readonly secret: string;
  /** SHA-256, base64url: what the log has of it. */
  readonly hash: string;
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('base64url');
const nameFor = (requestId: string) => `${PREFIX}${requestId.slice(1, 1 + ID_LENGTH)}`;

/**
 * Binds a request of ours to the browser that took it away, so that nobody can have another one answer it (SEC-111). The answer comes
 * by a form of a foreign site: this cookie is the one of ours that comes with it (SEC-124), and it opens nothing but that one request.
 */
@Injectable()
export class BrowserBinding {
  constructor(private readonly http: HttpAdapterHost) {}

  newSecret(): BrowserSecret {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    return { secret, hash: hashOf(secret) };
  }

  bind(reply: FastifyReply, requestId: string, { secret }: BrowserSecret, sent: SentCookies): void {
    const others = Object.keys(sent).filter((name) => OURS.test(name));
    if (others.length >= MOST_AT_ONCE) for (const name of others) this.set(reply, name, '', 0);
    this.set(reply, nameFor(requestId), secret, SAML_REQUEST_MS / 1_000);
  }

  /** Null for a browser that has no secret of this request. */
  hashFor(requestId: string, sent: SentCookies): string | null {
    const secret = sent[nameFor(requestId)];
    return secret === undefined || secret === '' ? null : hashOf(secret);
  }

  release(reply: FastifyReply, requestId: string): void {
    this.set(reply, nameFor(requestId), '', 0);
  }

  private set(reply: FastifyReply, name: string, value: string, maxAge: number): void {
    const options = { maxAge, httpOnly: true, secure: true, sameSite: 'none', path: '/' } as const;
    this.http.httpAdapter.setCookie(reply, name, value, options);
  }
}
