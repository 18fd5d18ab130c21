import type { CommandContext } from '#event-store/envelope.js';

/**
 * For a step that is decided on what is so now, also when its command is carried out again: a stream knows a command by its
 * fingerprint, and would give it the answer of the first time.
 */
export function decidedEachTime({ fingerprint: _, ...context }: CommandContext): CommandContext {
  return context;
}
