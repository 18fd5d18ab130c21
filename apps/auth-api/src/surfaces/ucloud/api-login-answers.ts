import { type Type, applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

/** What logins answer: JSON to those who ask for it, browsers get on to the login service. */
export const ApiLoginAnswers = (...answers: readonly [Type, ...Type[]]) =>
  applyDecorators(
    ApiExtraModels(...answers),
    ApiOkResponse({
      description: 'With `Accept: application/json` the tokens; else a page that goes on to the login service.',
      content: {
        'application/json': { schema: { oneOf: answers.map((answer) => ({ $ref: getSchemaPath(answer) })) } },
        'text/html': { schema: { type: 'string' } },
      },
    }),
  );
