import { Controller, Get, Res, UseFilters } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OpenToEveryone } from '../../access/access.decorator.js';
import { SamlParties } from '../../saml/saml-parties.js';
import { SamlErrorFilter } from './saml-error.filter.js';

/** What identity providers have to know of us. */
@ApiTags('SAML')
@Controller('auth/saml')
@UseFilters(SamlErrorFilter)
export class SamlMetadataController {
  constructor(private readonly parties: SamlParties) {}

  @Get('metadata')
  @OpenToEveryone()
  @ApiOperation({ operationId: 'samlMetadata', summary: 'The SAML metadata of this service provider' })
  @ApiProduces('application/samlmetadata+xml')
  @ApiOkResponse({ description: 'An EntityDescriptor; the same bytes for the same settings.' })
  metadata(@Res({ passthrough: true }) reply: FastifyReply): string {
    const metadata = this.parties.metadata();
    void reply.type('application/samlmetadata+xml; charset=utf-8');
    return metadata;
  }
}
