import type { ProjectionControlCommand } from '#domain/projection/projection-control.js';
import { type ProjectionStatus, type RebuildStatus, projectionStatuses } from '#host/projection-status.js';
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
  const projection = demandProjection(name);
  return withStores(async (stores) => say((await tell(stores, projection, command)) ? done : 'It was so already.'));
}

function asTable(statuses: readonly ProjectionStatus[]): string {
  const lines = statuses.map(({ behindSeconds, rate, keptBy, standbys, ...status }) => ({
    projection: status.projection,
    version: status.version,
    state: status.state,
    position: status.position,
    head: status.head,
    behind: status.behind,
    seconds: behindSeconds ?? '–',
    rate: rate === null ? '–' : `${rate}/s`,
    parked: status.parked,
    'kept by': keptBy ?? 'nobody',
    standby: standbys.length === 0 ? '–' : standbys.join(', '),
  }));
  const columns = [
    'projection',
    'version',
    'state',
    'position',
    'head',
    'behind',
    'seconds',
    'rate',
    'parked',
    'kept by',
    'standby',
  ];
  return [table(columns, lines), ...statuses.flatMap(remarksOn)].join('\n');
}

/** What does not fit into a line. */
function remarksOn({ projection, versions, rebuild, lastError, parked, isUndoable }: ProjectionStatus): string[] {
  const others = versions.filter(({ state }) => state !== 'used');
  return [
    ...others.map(
      ({ version, state, position, movedAt }) =>
        `${projection}: version ${version} is ${state}, at ${position} since ${movedAt.toISOString()}`,
    ),
    ...(rebuild === null ? [] : [`${projection}: its rebuild ${rebuildLine(rebuild)}`]),
    ...(isUndoable ? [`${projection}: \`authlog projections undo ${projection}\` brings back what it replaced`] : []),
    ...(lastError === null ? [] : [`${projection}: failed at ${lastError.at.toISOString()}: ${lastError.why}`]),
    ...(parked > 0 ? [`${projection}: see \`authlog projections parked list\``] : []),
  ];
}

function rebuildLine({ state, position, target, error }: RebuildStatus): string {
  switch (state) {
    case 'waiting':
      return 'waits for a projector';
    case 'filling':
      return `fills new tables, at ${position} of ${target}`;
    case 'stands':
      return `stands at ${position}, as it was told to`;
    case 'comparing':
      return 'compares the new tables with those that are read';
    case 'differs':
      return 'waits: the new tables differ from those that are read';
    case 'swapped':
      return 'is done';
    case 'failed':
      return `failed (${error ?? ''})`;
    case 'cancelled':
      return 'was cancelled';
  }
}
