/** What was asked for makes no sense here; the message says why, and what would. */
export class CannotBeDone extends Error {
  override readonly name = 'CannotBeDone';
}
