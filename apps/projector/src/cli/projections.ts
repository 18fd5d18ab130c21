import type { ProjectionControlCommand } from '#domain/projection/projection-control.js';
import { type ProjectionStatus, projectionStatuses } from '#host/projection-status.js';
import { say, sayJson, table } from './output.js';
import { demandProjection, tell } from './projection-control.js';
import { withStores } from './with-stores.js';

/** `authlog projections status` */
export const status = (json: boolean): Promise<void> =>
  withStores(async (stores) => {
    const statuses = await projectionStatuses(stores);
    if (json) sayJson(statuses);
    else say(asTable(statuses));
  });

/** `authlog projections pause` */
export const pause = (name: string) => control(name, { type: 'PauseProjection' }, `${name} stands still.`);

/** `authlog projections resume` */
export const resume = (name: string) => control(name, { type: 'ResumeProjection' }, `${name} goes on.`);

async function control(name: string, command: ProjectionControlCommand, done: string): Promise<void> {
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
