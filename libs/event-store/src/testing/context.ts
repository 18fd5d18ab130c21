import { randomUUID } from 'node:crypto';
import type { CommandContext } from '../envelope.js';

/** A command of nobody in particular at a fixed time, with an id of its own. */
export const someContext = (more: Partial<CommandContext> = {}): CommandContext => ({
  commandId: randomUUID(),
  correlationId: 'c0ffee',
  actor: 'tests',
  actorKind: 'system',
  now: new Date('2030-01-01T00:00:00.000Z'),
  ...more,
});
