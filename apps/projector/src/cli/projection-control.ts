import {
  type ProjectionControlCommand,
  projectionControl,
  projectionStream,
} from '#domain/projection/projection-control.js';
import { systemContext } from '#event-store/envelope.js';
import type { Stores } from '#host/stores.js';
import type { Projection } from '#read-models/projection.js';
import { PROJECTIONS, projectionNamed } from '#read-models/read-model-database.js';
import { CannotBeDone } from './cannot-be-done.js';

/** Who does what is done on the command line. */
export const ACTOR = 'operator';

const NAMES = PROJECTIONS.map(({ name }) => name).join(', ');

/** @throws CannotBeDone if there is none of this name */
export function demandProjection(name: string): Projection {
  const projection = projectionNamed(name);
  if (projection === undefined)
    throw new CannotBeDone(`There is no projection ${JSON.stringify(name)}: it is one of ${NAMES}.`);
  return projection;
}

/** Says in the log what is to become of a projection. @returns whether that is new */
export async function tell(stores: Stores, { name }: Projection, command: ProjectionControlCommand): Promise<boolean> {
  const context = systemContext(new Date(), ACTOR);
  const { events } = await stores.repository.execute(projectionControl, projectionStream(name), command, context);
  return events.length > 0;
}
