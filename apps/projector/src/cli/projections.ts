import { Command } from 'commander';
import type { ProjectionControlCommand } from '#domain/projection/projection-control.js';
import { type ProjectionStatus, projectionStatuses } from '#host/projection-status.js';
import { say, sayJson, table } from './output.js';
import { parkedCommand } from './parked.js';
import { demandProjection, namesOf, tell } from './projection-control.js';
import { withStores } from './with-stores.js';

/** `authlog projections …` */
export function projectionsCommand(): Command {
  const command = new Command('projections').description('See how the read models get on, and stop or mend them.');
  command
    .command('status')
    .description('Where each projection is, and what keeps it from the end of the log.')
    .option('--json', 'for scripts')
    .action(({ json }: { json?: boolean }) =>
      withStores(async (stores) => {
        const statuses = await projectionStatuses(stores);
        if (json) sayJson(statuses);
        else say(asTable(statuses));
      }),
    );
  command
    .command('pause')
    .argument('<name>', namesOf())
    .description('Let a projection stand still, in every process and through restarts. Lists show what was there.')
    .action((name: string) => control(name, { type: 'PauseProjection' }, `${name} stands still.`));
  command
    .command('resume')
    .argument('<name>', namesOf())
    .description('Let it go on from where it stands.')
    .action((name: string) => control(name, { type: 'ResumeProjection' }, `${name} goes on.`));
  return command.addCommand(parkedCommand());
}

function control(name: string, command: ProjectionControlCommand, done: string): Promise<void> {
  demandProjection(name);
  return withStores(async (stores) => say((await tell(stores, name, command)) ? done : 'It was so already.'));
}

function asTable(statuses: readonly ProjectionStatus[]): string {
  const lines = statuses.map(({ version, programVersion, ...status }) => ({
    ...status,
    version: version === programVersion ? String(version) : `${version ?? '–'} (→ ${programVersion})`,
  }));
  const columns = ['projection', 'version', 'state', 'position', 'head', 'behind', 'parked'];
  const advice = statuses.some(({ parked }) => parked > 0) ? '\n\nSee `authlog projections parked list`.' : '';
  return table(columns, lines) + advice;
}
