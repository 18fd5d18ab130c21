import { ApiProperty } from '@nestjs/swagger';
import { readable } from '#domain/personal.js';
import { providerIdOf } from '#domain/user/provider.js';
import type { EquippedProvider } from '../../provider/claim-providers.js';

class RegisteredProviderView {
  @ApiProperty({ description: 'Gets the provider its credential, within a day: POST /auth/providers/claim.' })
  claimToken: string;
}

class ProviderCredentialView {
  @ApiProperty()
  providerId: string;

  @ApiProperty({ description: 'Base64 of the SubjectPublicKeyInfo; verifies the tokens of this provider (RS256).' })
  publicKey: string;

  @ApiProperty({ description: 'Gives access tokens at POST /auth/providers/refresh, for a year.' })
  refreshToken: string;
}

class ProviderAccessToken {
  @ApiProperty({ description: 'A JWT of fifteen minutes, signed with the key of the provider.' })
  accessToken: string;
}

export class RegisteredProviders {
  @ApiProperty({ type: [RegisteredProviderView], description: 'In the order of the items.' })
  responses: RegisteredProviderView[];
}

export class ProviderCredentials {
  @ApiProperty({ type: [ProviderCredentialView], description: 'In the order of the items.' })
  responses: ProviderCredentialView[];
}

export class ProviderAccessTokens {
  @ApiProperty({ type: [ProviderAccessToken], description: 'In the order of the items.' })
  responses: ProviderAccessToken[];
}

export class ProviderPublicKey {
  @ApiProperty({ description: 'Base64 of the SubjectPublicKeyInfo.' })
  publicKey: string;
}

export const credentialsViewOf = (providers: readonly EquippedProvider[]): ProviderCredentials => ({
  responses: providers.map(({ account, credential }) => ({
    providerId: providerIdOf(readable(account.claims.username) ?? ''),
    publicKey: account.provider.key.publicKey,
    refreshToken: credential.refreshToken,
  })),
});
