import { type StreamName, type UserId, categoryOf, userStream } from '#domain/ids.js';
import { secondFactorStream } from '#domain/second-factor/second-factor.js';
import type { User } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { DecodedEvent, EventCodec } from '#event-store/codec.js';
import { shown } from '#event-store/disclosure.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { EventStore, Position, RecordedEvent } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import { SubjectSummary } from './subject-summary.js';

export interface ExportParts {
  readonly store: EventStore;
  /** Opens what is personal of them, and of nobody else. */
  readonly codecOf: (userId: UserId) => Promise<EventCodec>;
  readonly repository: Repository;
  /**
   * The streams about the person besides the account and the second factor, as of this position.
   * @throws ReadModelBehind
   */
  readonly streamsOf: (userId: UserId, asOf: Position) => Promise<readonly StreamName[]>;
}

/** Raised with every change of what stands where. */
const FORMAT = 'authlog-subject-export/1';
/** Streams that are about one person only; of others it is told what names them. */
const OF_ONE_PERSON = new Set(['challenge', 'factor', 'mail', 'onetime', 'session', 'user']);
const EVENTS_TOGETHER = 500;
/** Of the envelope; the rest is of use to programs only. */
const TOLD = ['actor', 'actorKind', 'sessionId', 'correlationId', 'language'];

/** Hands out all that is held about a person, in one JSON text (GDPR Art. 15 and 20); no secret, and no hash of one. */
export class SubjectExport {
  constructor(private readonly parts: ExportParts) {}

  /**
   * Records that it is handed out, and to whom, before any of it is. It is read while it is sent: however much there is, little
   * of it is in memory.
   * @returns the pieces of the text
   * @throws Refused `user-unknown`, ReadModelBehind
   */
  async begin(userId: UserId, context: CommandContext): Promise<AsyncGenerator<string>> {
    const { repository, store, streamsOf } = this.parts;
    const stream = userStream(userId);
    const { state } = await repository.execute(user, stream, { type: 'RecordExport' }, context);
    const asOf = await store.head();
    const others = await streamsOf(userId, asOf);
    const head = { format: FORMAT, subject: userId, exportedAt: context.now, asOf, account: accountIn(state) };
    return this.write(head, userId, [stream, secondFactorStream(userId), ...others]);
  }

  private async *write(head: object, userId: UserId, streams: readonly StreamName[]): AsyncGenerator<string> {
    yield `${JSON.stringify(head).slice(0, -1)},"events":[`;
    const summary = new SubjectSummary();
    const codec = await this.parts.codecOf(userId);
    let separator = '\n';
    for (const stream of streams)
      for await (const events of this.read(codec, stream, userId))
        for (const event of events) {
          summary.add(event);
          yield separator + JSON.stringify(eventView(event));
          separator = ',\n';
        }
    yield `],${JSON.stringify(summary.result()).slice(1)}\n`;
  }

  private async *read(codec: EventCodec, stream: StreamName, userId: UserId): AsyncGenerator<DecodedEvent[]> {
    const { store } = this.parts;
    const isTheirs = OF_ONE_PERSON.has(categoryOf(stream))
      ? () => true
      : ({ data }: RecordedEvent) => JSON.stringify(data).includes(userId);
    let events: RecordedEvent[] = [];
    for await (const event of store.readStream(stream, 0)) {
      if (isTheirs(event)) events.push(event);
      if (events.length < EVENTS_TOGETHER) continue;
      yield await codec.decode(events);
      events = [];
    }
    if (events.length > 0) yield await codec.decode(events);
  }
}

const eventView = ({ event, id, stream, revision, position, occurredAt, metadata }: DecodedEvent) => ({
  id,
  stream,
  revision,
  position,
  type: event.type,
  occurredAt,
  ...Object.fromEntries(TOLD.filter((name) => name in metadata).map((name) => [name, metadata[name]])),
  data: shown(event.data),
});

function accountIn(state: User) {
  if (state.status !== 'active') return state;
  const { status, kind, role, suspended, legalHold, claims, acceptedAgreement, scopeLimit } = state;
  const { registeredBy, mustChangePassword, passwordChangedAt, requestedEmail, federation } = state;
  return {
    status,
    kind,
    role,
    suspended,
    legalHold,
    ...claims,
    federation,
    requestedEmail: requestedEmail?.email ?? null,
    acceptedAgreement,
    scopeLimit,
    registeredBy,
    mustChangePassword,
    passwordChangedAt,
  };
}
