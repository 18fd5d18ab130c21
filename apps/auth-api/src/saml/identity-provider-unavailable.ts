/** An identity provider of the settings whose metadata is not there, or not valid any more: nobody can log in by it for now. */
export class IdentityProviderUnavailable extends Error {
  override readonly name = 'IdentityProviderUnavailable';

  /** @param identityProvider as in the settings */
  constructor(readonly identityProvider: string) {
    super(`there is no metadata of the identity provider ${identityProvider}`);
  }
}
