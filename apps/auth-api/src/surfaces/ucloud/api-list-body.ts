import { type Type, applyDecorators } from '@nestjs/common';
import { ApiBody, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';

/** A body that is a list. */
export const ApiListBody = (item: Type, maxItems: number) =>
  applyDecorators(
    ApiExtraModels(item),
    ApiBody({ schema: { type: 'array', maxItems, items: { $ref: getSchemaPath(item) } } }),
  );
