import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import type { UserId } from '#domain/ids.js';
import { Clock } from '#host/clock.js';
import { Settings } from '#host/settings.js';
import { DEVICE_MS, DeviceTokens } from '#tokens/device-token.js';

export const REFRESH_TOKEN_COOKIE = 'refreshToken';
/** Says that a browser has logged in before (SEC-21). */
export const DEVICE_COOKIE = 'device';
const AUTH_STATE_COOKIE = 'authState';
const AUTH_STATE_SECONDS = 300;

/** The cookies of logins: two of ucloud-users-api §7.3, and one that says who has logged in before. */
@Injectable()
export class LoginCookies {
  constructor(
    private readonly http: HttpAdapterHost,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly devices: DeviceTokens,
  ) {}

  /** Out of reach of scripts; sent to us only; gone when the session ends. */
  setRefreshToken(reply: FastifyReply, token: string, expiresAt: Date): void {
    const maxAge = Math.max(0, Math.floor((expiresAt.getTime() - this.clock.now().getTime()) / 1_000));
    this.set(reply, REFRESH_TOKEN_COOKIE, token, { maxAge, httpOnly: true });
  }

  clearRefreshToken(reply: FastifyReply): void {
    this.set(reply, REFRESH_TOKEN_COOKIE, '', { maxAge: 0, httpOnly: true });
  }

  /** Another one at each login; stays when the session ends. */
  setDevice(reply: FastifyReply, userId: UserId): void {
    const token = this.devices.issue(userId, this.clock.now());
    this.set(reply, DEVICE_COOKIE, token, { maxAge: DEVICE_MS / 1_000, httpOnly: true });
  }

  /** Hands the answer of a login to the page that follows, which reads and erases it. */
  setAuthState(reply: FastifyReply, state: object): void {
    this.set(reply, AUTH_STATE_COOKIE, JSON.stringify(state), { maxAge: AUTH_STATE_SECONDS, httpOnly: false });
  }

  private set(reply: FastifyReply, name: string, value: string, options: { maxAge: number; httpOnly: boolean }): void {
    const secure = this.settings.publicUrl.startsWith('https:');
    this.http.httpAdapter.setCookie(reply, name, value, { ...options, path: '/', sameSite: 'strict', secure });
  }
}
