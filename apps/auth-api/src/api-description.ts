import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiProperty, DocumentBuilder, SwaggerModule, getSchemaPath } from '@nestjs/swagger';
import type { Settings } from '#host/settings.js';
import { ERROR_CODES, type ErrorBody } from './surfaces/ucloud/errors.js';

const TEXT = { type: 'string' } as const;

/** What every refusal and failure says. */
class ErrorAnswerBody implements ErrorBody {
  @ApiProperty({ description: 'For people.' })
  why: string;

  @ApiProperty({ enum: [...ERROR_CODES].sort(), description: 'For programs; stable.' })
  errorCode: ErrorBody['errorCode'];
}

/** The OpenAPI 3.1 description at /openapi.json, and a page to read it at /docs. */
export function serveApiDescription(app: NestFastifyApplication, { publicUrl }: Settings): void {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('authlog')
    .setDescription('An event-sourced authentication service.')
    .setVersion('0.1.0')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', `This service; behind a proxy ${publicUrl}`)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'access-token')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: '<session>.<secret>' }, 'refresh-token')
    .addCookieAuth('refreshToken', { type: 'apiKey', in: 'cookie' }, 'refresh-token-cookie')
    .addGlobalResponse({
      status: 'default',
      description: 'Refused, or failed; docs/api.md has the status of each code.',
      headers: {
        'Retry-After': { description: 'With 429 and 503: how many seconds to wait.', schema: { type: 'integer' } },
        'WWW-Authenticate': { description: 'With 401 where a fresh login is needed (RFC 9470).', schema: TEXT },
      },
      content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorAnswerBody) } } },
    })
    .build();
  SwaggerModule.setup(
    'docs',
    app,
    () => SwaggerModule.createDocument(app, description, { extraModels: [ErrorAnswerBody] }),
    {
      jsonDocumentUrl: 'openapi.json',
      yamlDocumentUrl: 'openapi.yaml',
    },
  );
}
