import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { Settings } from '#host/settings.js';
import { ERROR_CODES } from './surfaces/ucloud/errors.js';

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
      description: 'Refused, or failed.',
      schema: {
        type: 'object',
        required: ['why', 'errorCode'],
        properties: {
          why: { type: 'string', description: 'For people.' },
          errorCode: { type: 'string', enum: [...ERROR_CODES].sort(), description: 'For programs; stable.' },
        },
      },
    })
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}
