import { type Command, CommanderError } from 'commander';
import { Refused } from '#domain/refused.js';
import { explainStartFailure } from '#host/start-failure.js';
import { CannotBeDone } from './cannot-be-done.js';
import { authlogCommand } from './commands.js';

/** Does what the words say, and writes why it cannot be done to standard error. @returns the exit code */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const program = authlogCommand();
  for (const command of withSubcommands(program)) command.exitOverride();
  try {
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Says why, where that was not said yet. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CannotBeDone) process.stderr.write(`${error.message}\n`);
  else if (error instanceof Refused) process.stderr.write(`Refused (${error.code}). ${error.explanation ?? ''}\n`);
  else process.stderr.write(`${explainStartFailure(error).replace('did not start', 'cannot do that')}\n`);
  return 1;
}
