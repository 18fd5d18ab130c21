import { type PipeTransform, type Type, ValidationPipe } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { BadRequest } from '../../bad-request.js';

/** So many faults are named; whoever sent more will be back. */
const MAX_FAULTS = 5;

const refusal = (faults: readonly string[]) =>
  new BadRequest('body-invalid', `${faults.slice(0, MAX_FAULTS).join('; ')}.`);

/** What is wrong with a body, each fault with the path of its field. */
function faultsOf(errors: readonly ValidationError[], above = ''): string[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const path = above === '' ? property : `${above}.${property}`;
    const own = Object.values(constraints).slice(0, 1);
    return [...own.map((fault) => fault.replace(property, path)), ...faultsOf(children, path)];
  });
}

/** Checks the bodies of requests. Fields nobody knows are left out (ucloud-users-api §2.1). */
export const bodyCheck = () =>
  new ValidationPipe({ whitelist: true, transform: true, exceptionFactory: (errors) => refusal(faultsOf(errors)) });

/** Checks a body that is a list of objects. */
export class ListCheck<Item extends object> implements PipeTransform<unknown, Item[]> {
  constructor(
    private readonly item: Type<Item>,
    private readonly most: number,
  ) {}

  transform(value: unknown): Item[] {
    if (!Array.isArray(value)) throw refusal(['The body must be a list']);
    if (value.length > this.most) throw refusal([`The body must have ${this.most} items or fewer`]);
    const notObjects = value.flatMap((item, index) =>
      typeof item === 'object' && item !== null && !Array.isArray(item) ? [] : [`[${index}] must be an object`],
    );
    if (notObjects.length > 0) throw refusal(notObjects);
    const items = value.map((item: unknown) => plainToInstance(this.item, item));
    const faults = items.flatMap((item, index) => faultsOf(validateSync(item, { whitelist: true }), `[${index}]`));
    if (faults.length > 0) throw refusal(faults);
    return items;
  }
}
