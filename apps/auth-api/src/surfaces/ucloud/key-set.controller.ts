import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OpenToEveryone } from '../../access/access.decorator.js';
import { SigningKeys } from '../../signing-key/signing-keys.js';

/** The keys that verify our tokens; other services fetch and cache them (RFC 7517 §5, SEC-146). */
@ApiTags('Keys')
@Controller('auth/.well-known')
export class KeySetController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  @OpenToEveryone()
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ operationId: 'jwks', summary: 'The public signing keys, as a JSON Web Key Set' })
  @ApiOkResponse({ schema: { type: 'object', properties: { keys: { type: 'array', items: { type: 'object' } } } } })
  keySet() {
    return this.keys.keySet();
  }
}
