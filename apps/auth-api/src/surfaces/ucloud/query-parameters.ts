import { BadRequest } from '../../bad-request.js';

/** The parameters behind the `?` of an address. One that is given twice is a list, and so none of what is wanted. */
export type QueryParameters = Readonly<Record<string, unknown>>;

const refuse = (name: string, rule: string) => new BadRequest('parameter-invalid', `${name} must be ${rule}.`);

/** Null when left out. @throws BadRequest */
export function wholeNumber(query: QueryParameters, name: string, least: number, most: number): number | null {
  const value = query[name];
  if (value === undefined) return null;
  const number = typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) throw refuse(name, `a whole number from ${least} to ${most}`);
  return number;
}

/** Null when left out. @throws BadRequest */
export function oneOf<Choice extends string>(
  query: QueryParameters,
  name: string,
  choices: readonly Choice[],
): Choice | null {
  const value = query[name];
  if (value === undefined) return null;
  const choice = choices.find((each) => each === value);
  if (choice === undefined) throw refuse(name, `one of ${choices.join(', ')}`);
  return choice;
}

/** @throws BadRequest if it is left out or empty */
export function givenText(query: QueryParameters, name: string): string {
  const value = query[name];
  if (typeof value !== 'string' || value === '') throw refuse(name, 'given, once');
  return value;
}
