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

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks a body that is a list of objects. */
export class ListCheck<Item extends object> implements PipeTransform<unknown, Item[]> {
  constructor(
    private readonly item: Type<Item>,
    private readonly most: number,
    /** Where the list is; empty for the body itself. */
    private readonly path = '',
  ) {}

  transform(value: unknown): Item[] {
    const list = this.path === '' ? 'The body' : this.path;
    if (!Array.isArray(value)) throw refusal([`${list} must be a list`]);
    if (value.length > this.most) throw refusal([`${list} must have ${this.most} items or fewer`]);
    const at = (index: number) => `${this.path}[${index}]`;
    const notObjects = value.flatMap((item, index) => (isObject(item) ? [] : [`${at(index)} must be an object`]));
    if (notObjects.length > 0) throw refusal(notObjects);
    const items = value.map((item: unknown) => plainToInstance(this.item, item));
    const faults = items.flatMap((item, index) => faultsOf(validateSync(item, { whitelist: true }), at(index)));
    if (faults.length > 0) throw refusal(faults);
    return items;
  }
}

/** Checks a body of the form `{"items": [...]}`, and gives the items (ucloud-users-api §17). */
export class ItemsCheck<Item extends object> implements PipeTransform<unknown, Item[]> {
  private readonly list: ListCheck<Item>;

  constructor(item: Type<Item>, most: number) {
    this.list = new ListCheck(item, most, 'items');
  }

  transform(value: unknown): Item[] {
    if (!isObject(value)) throw refusal(['The body must be an object with items']);
    return this.list.transform('items' in value ? value.items : undefined);
  }
}
