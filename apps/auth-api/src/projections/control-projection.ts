import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  type ProjectionControlCommand,
  projectionControl,
  projectionStream,
} from '#domain/projection/projection-control.js';
import { Refused } from '#domain/refused.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import type { Projection } from '#read-models/projection.js';
import { PROJECTIONS, projectionNamed } from '#read-models/read-model-database.js';

/** An administrator says what is to become of a projection; whoever keeps the read models does it. */
export class ControlProjection extends Command<void> {
  constructor(
    readonly projection: string,
    readonly control: ProjectionControlCommand,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** @throws Refused `projection-unknown` */
export function demandProjection(name: string): Projection {
  const projection = projectionNamed(name);
  if (projection === undefined)
    throw new Refused('projection-unknown', `There are ${PROJECTIONS.map((each) => each.name).join(', ')}.`);
  return projection;
}

@CommandHandler(ControlProjection)
export class ControlProjectionHandler implements ICommandHandler<ControlProjection> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused */
  async execute({ projection, control, context }: ControlProjection): Promise<void> {
    demandProjection(projection);
    await this.repository.execute(projectionControl, projectionStream(projection), control, context);
  }
}
