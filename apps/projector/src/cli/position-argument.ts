import { InvalidArgumentError } from 'commander';
import { POSITION } from '#event-store/event-store.js';

/** A position of the log, as an argument. @throws InvalidArgumentError */
export function asPosition(text: string): string {
  if (!POSITION.test(text)) throw new InvalidArgumentError('A position is a decimal number.');
  return text;
}
