import type { IdentityProvider, ServiceProvider } from '../parties.js';

/** Whose assertion it has to be, for whom, and when. */
export interface AssertionExpectations {
  readonly serviceProvider: ServiceProvider;
  readonly identityProvider: IdentityProvider;
  /** The request that the response around it names. */
  readonly requestId: string;
  readonly now: Date;
}
