import { Injectable } from '@nestjs/common';
import { demandFreshAuthentication } from '#domain/access/access.js';
import { Clock } from '#host/clock.js';
import { SecondFactors } from '../second-factor/second-factors.js';
import type { AuthenticatedCaller } from './caller-authentication.js';

/** Asks for a fresh login before what a stolen session must not be enough for (SEC-76, RFC 9470). */
@Injectable()
export class StepUp {
  constructor(
    private readonly secondFactors: SecondFactors,
    private readonly clock: Clock,
  ) {}

  /** @throws Refused `step-up-required` */
  async demand({ userId, session }: AuthenticatedCaller): Promise<void> {
    demandFreshAuthentication(session, await this.secondFactors.isEnrolled(userId), this.clock.now());
  }

  /**
   * Of administrators, before they hand out what outlives their session; a service has nothing but its credential to show.
   * @throws Refused `step-up-required`
   */
  async demandOfAdministrators(caller: AuthenticatedCaller): Promise<void> {
    if (caller.role === 'ADMIN') await this.demand(caller);
  }
}
