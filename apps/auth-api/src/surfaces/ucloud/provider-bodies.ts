import { ApiProperty } from '@nestjs/swagger';
import { Text } from './body-rules.js';

/** Making a key takes a processor for half a second; more than this come in several requests. */
export const MAX_PROVIDERS = 10;

export class ProviderIdBody {
  @ApiProperty({ description: '1 to 64 letters of A to Z and a to z, digits, dots, dashes and underscores.' })
  @Text()
  id: string;
}

export class ClaimTokenBody {
  @ApiProperty({ description: 'As the registration answered.' })
  @Text()
  claimToken: string;
}

export class ProviderRefreshBody {
  @ApiProperty()
  @Text()
  refreshToken: string;
}

export class ProviderIdsBody {
  @ApiProperty({ type: [ProviderIdBody], maxItems: MAX_PROVIDERS })
  items: ProviderIdBody[];
}

export class ClaimTokensBody {
  @ApiProperty({ type: [ClaimTokenBody], maxItems: MAX_PROVIDERS })
  items: ClaimTokenBody[];
}

export class ProviderRefreshesBody {
  @ApiProperty({ type: [ProviderRefreshBody], maxItems: MAX_PROVIDERS })
  items: ProviderRefreshBody[];
}
