import { Strategy } from '@fastify/passport';
import type { CommandBus } from '@nestjs/cqrs';
import type { RequestContext } from '../request-context.js';
import { AuthenticateAssertion } from './authenticate-assertion.js';

/** A response of an identity provider, as this browser brings it. */
export interface PresentedResponse {
  /** The field of the form, base64. */
  readonly samlResponse: string;
  /** See AuthenticateAssertion. */
  readonly browserHashOf: (requestId: string) => string | null;
}

/** Finds out who somebody is by the response of an identity provider. */
export class SamlStrategy extends Strategy {
  constructor(
    private readonly commands: CommandBus,
    private readonly presented: PresentedResponse,
    private readonly context: RequestContext,
  ) {
    super('saml');
  }

  override async authenticate(): Promise<void> {
    const { samlResponse, browserHashOf } = this.presented;
    this.success(await this.commands.execute(new AuthenticateAssertion(samlResponse, browserHashOf, this.context)));
  }
}
