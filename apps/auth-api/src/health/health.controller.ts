import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readiness } from '#host/readiness.js';
import { OpenToEveryone } from '../access/access.decorator.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @OpenToEveryone()
  @ApiOperation({ operationId: 'live', summary: 'Whether the process answers at all' })
  @ApiOkResponse()
  live() {
    return { status: 'live' };
  }

  @Get('ready')
  @OpenToEveryone()
  @ApiOperation({ operationId: 'ready', summary: 'Whether the process can serve, and if not, what is missing' })
  @ApiOkResponse()
  @ApiServiceUnavailableResponse({
    schema: {
      type: 'object',
      required: ['status', 'missing'],
      properties: {
        status: { type: 'string', enum: ['not-ready'] },
        missing: { type: 'array', items: { type: 'string' } },
      },
    },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const missing = await this.readiness.missing();
    if (missing.length === 0) return { status: 'ready' };
    void reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: 'not-ready', missing };
  }
}
