import { SamlRefused } from '#domain/saml/saml-refused.js';
import {
  type OpenSamlRequest,
  type SamlAnswer,
  type SamlRequestPurpose,
  demandAnswerable,
  isSamlRequestId,
  samlRequest,
  samlRequestStream,
} from '#domain/saml/saml-request.js';
import type { StreamName } from '#domain/ids.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import { decidedEachTime } from '../decided-each-time.js';

/** The requests that we have sent to identity providers, each in a stream of its own, of which one append decides who answers it. */
export class SamlRequests {
  constructor(private readonly repository: Repository) {}

  /** @param id `_` and 40 random hexadecimal digits */
  async issue(id: string, purpose: SamlRequestPurpose, browserHash: string, context: CommandContext): Promise<void> {
    const command = { type: 'IssueSamlRequest', purpose, browserHash, now: context.now } as const;
    await this.repository.execute(samlRequest, samlRequestStream(id), command, decidedEachTime(context));
  }

  /**
   * The request that waits for this answer. It goes on waiting.
   * @throws SamlRefused if there is none
   */
  async waitingFor(answer: SamlAnswer): Promise<OpenSamlRequest> {
    const { state } = await this.repository.load(samlRequest, streamOf(answer));
    return demandAnswerable(state, answer);
  }

  /**
   * Closes the request. Of answers that come at the same moment, wherever they do, one is accepted.
   * @throws SamlRefused if it waits for no such answer, or for none any more
   */
  async answer(answer: SamlAnswer, context: CommandContext): Promise<void> {
    const command = { type: 'AnswerSamlRequest', ...answer } as const;
    const stream = streamOf(answer);
    await this.repository.execute(samlRequest, stream, command, decidedEachTime(context));
    // Nobody needs it any more, and what is kept in memory is for accounts and sessions.
    this.repository.forget(stream);
  }
}

/** Whoever answers says which request it was: what cannot be the id of one names no stream. */
function streamOf({ requestId }: SamlAnswer): StreamName {
  if (!isSamlRequestId(requestId)) throw new SamlRefused('request-unknown');
  return samlRequestStream(requestId);
}
