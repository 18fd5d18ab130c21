import { type JSONVisitor, visit } from 'jsonc-parser';
import { BadRequest } from './bad-request.js';

const MAX_DEPTH = 20;

const refuse = (why: string): never => {
  throw new BadRequest('body-invalid', why);
};

/**
 * Parses a JSON body. A key that is given twice would be read one way here and another elsewhere, and deep nesting costs
 * more than it says: both are refused (SEC-128, SEC-132).
 * @returns undefined for an empty body
 * @throws BadRequest
 */
export function parseJsonBody(text: string): unknown {
  if (text.trim() === '') return undefined;
  demandPlain(text);
  try {
    return JSON.parse(text, withoutPrototypes);
  } catch {
    return refuse('The body is not well-formed JSON.');
  }
}

function demandPlain(text: string): void {
  const open: Set<string>[] = [];
  const begin = () => {
    open.push(new Set());
    if (open.length > MAX_DEPTH) refuse(`The body is nested more than ${MAX_DEPTH} deep.`);
  };
  const end = () => void open.pop();
  const visitor: JSONVisitor = {
    onObjectBegin: begin,
    onArrayBegin: begin,
    onObjectEnd: end,
    onArrayEnd: end,
    onObjectProperty(name) {
      const keys = open.at(-1);
      if (keys?.has(name)) refuse(`The body has the key ${JSON.stringify(name.slice(0, 60))} twice.`);
      keys?.add(name);
    },
  };
  visit(text, visitor, { disallowComments: true });
}

/** Keys that could reach the prototype of objects are dropped (SEC-130). */
function withoutPrototypes(key: string, value: unknown): unknown {
  return key === '__proto__' || key === 'constructor' || key === 'prototype' ? undefined : value;
}
