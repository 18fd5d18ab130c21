import { acceptedMessage, acceptedMessageStream } from '#domain/saml/accepted-message.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import type { IdentifierDigest } from '#vault/identifier-digest.js';
import { decidedEachTime } from '../decided-each-time.js';

/** A message of an identity provider, whose signature and meaning are as they have to be. */
export interface IncomingMessage {
  /** The entity id of who has signed it. */
  readonly issuer: string;
  /** What they call it. */
  readonly id: string;
  /** After this it would be refused for its age. */
  readonly acceptableUntil: Date;
  /** The request of ours that it answers, if it is an answer. */
  readonly requestId?: string;
}

/** Which messages of identity providers were accepted, over all processes (SEC-112). */
export class AcceptedMessages {
  constructor(
    private readonly repository: Repository,
    private readonly digest: IdentifierDigest,
  ) {}

  /**
   * For what may be done twice, and has to be done once: it is done before the message is accepted, so that the same message can finish
   * what breaks off.
   * @throws SamlRefused `assertion-replayed` if it was accepted before
   */
  async demandNew(message: IncomingMessage): Promise<void> {
    const { state } = await this.repository.load(acceptedMessage, this.streamOf(message));
    if (state.status === 'accepted') throw new SamlRefused('assertion-replayed', message.requestId);
  }

  /** @throws SamlRefused `assertion-replayed` if it was before, also at this very moment */
  async accept(message: IncomingMessage, context: CommandContext): Promise<void> {
    const { acceptableUntil, requestId } = message;
    const stream = this.streamOf(message);
    const accept = { type: 'AcceptSamlMessage', acceptableUntil } as const;
    const command = requestId === undefined ? accept : { ...accept, requestId };
    // With the fingerprint of a request a second copy of it would be taken for the first one.
    await this.repository.execute(acceptedMessage, stream, command, decidedEachTime(context));
    // Only who sends it again asks for it; what is kept in memory is for accounts and sessions.
    this.repository.forget(stream);
  }

  private streamOf = ({ issuer, id }: IncomingMessage) =>
    acceptedMessageStream(this.digest.exactly('message', issuer, id));
}
