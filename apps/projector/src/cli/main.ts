import { Command, CommanderError } from 'commander';
import { explainStartFailure } from '#host/start-failure.js';
import { Refused } from '#domain/refused.js';
import { CannotBeDone } from './cannot-be-done.js';
import { doctorCommand } from './doctor.js';
import { projectionsCommand } from './projections.js';

const EXIT_CODES = `
Exit codes:
  0  it was done
  1  it could not be done; standard error says why
  2  it was asked for in a wrong way

Settings are those of the API and the projector: AUTHLOG_DATA, AUTHLOG_EVENT_STORE, AUTHLOG_DATABASE and so on.`;

const program = new Command('authlog')
  .description('What operators do with authlog. Every change is an event in the log.')
  .addCommand(projectionsCommand())
  .addCommand(doctorCommand())
  .addHelpText('after', EXIT_CODES)
  .showHelpAfterError('(add --help for what there is)');
for (const command of withSubcommands(program)) command.exitOverride();

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Says why, where that was not said yet. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CannotBeDone) process.stderr.write(`${error.message}\n`);
  else if (error instanceof Refused) process.stderr.write(`Refused (${error.code}): ${error.explanation ?? ''}\n`);
  else process.stderr.write(`${explainStartFailure(error).replace('did not start', 'cannot do that')}\n`);
  return 1;
}
