import type { DomainEvent } from '#domain/decider.js';
import type { EventDescription, StoredData } from '#domain/event-catalogue.js';
import { authlogEvents } from '#domain/events.js';
import type { StreamName } from '#domain/ids.js';
import { erased } from '#domain/personal.js';
import { type CommandContext, asMetadata } from './envelope.js';
import type { NewEvent, Position, RecordedEvent } from './event-store.js';

/** A personal value in the log, readable only with its key. */
export interface Sealed {
  readonly sealed: 'A256GCM';
  /** The id of the key. */
  readonly key: string;
  /** Base64url. */
  readonly iv: string;
  readonly text: string;
  readonly tag: string;
}

/** Seals the personal data of one person. `place` says where a value stands: it can be opened nowhere else. */
export interface DataKey {
  seal(value: unknown, place: string): Sealed;
  unseal(value: Sealed, place: string): unknown;
}

/** Where the data keys are: one for each person, so that one person can be erased. */
export interface SubjectKeys {
  /** The subject's key; made the first time. @throws Refused `user-erased` once it was destroyed */
  keyOf(subject: string): Promise<DataKey>;
  /** The keys with these ids; null for one that was destroyed. */
  find(ids: ReadonlySet<string>): Promise<DataKeys>;
}

type DataKeys = ReadonlyMap<string, DataKey | null>;

/** An event as the program sees it: today's schema, personal data in clear or marked as erased. */
export interface DecodedEvent {
  readonly event: DomainEvent;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The log holds something this version of the program does not know: a newer one is writing. */
export class EventNotUnderstood extends Error {
  override readonly name = 'EventNotUnderstood';
}

type Description = EventDescription<never>;

/** Between events of the domain and what is stored: schema versions, and the sealing of personal data. */
export class EventCodec {
  constructor(
    private readonly keys: SubjectKeys,
    private readonly catalogue: Readonly<Record<string, Description>> = authlogEvents,
  ) {}

  async encode(
    { type, data }: DomainEvent,
    id: string,
    stream: StreamName,
    context: CommandContext,
  ): Promise<NewEvent> {
    const { schema, personal } = this.describe(type);
    const stored: Record<string, unknown> = { ...data };
    const written =
      personal?.fields.filter((field: string) => stored[field] !== null && stored[field] !== undefined) ?? [];
    if (personal !== undefined && written.length > 0) {
      // The catalogue belongs to the same event, which its index by type cannot tell the compiler.
      const key = await this.keys.keyOf(personal.subject(data as never));
      for (const field of written) stored[field] = key.seal(stored[field], place(stream, id, field));
    }
    return { id, type, data: stored, metadata: asMetadata(context, schema) };
  }

  /** @throws EventNotUnderstood for a type or schema this program does not know */
  async decode(recorded: readonly RecordedEvent[]): Promise<DecodedEvent[]> {
    const sealingKeys = new Set<string>();
    for (const { data } of recorded)
      for (const value of Object.values(data)) if (isSealed(value)) sealingKeys.add(value.key);
    const keys = sealingKeys.size === 0 ? new Map<string, null>() : await this.keys.find(sealingKeys);
    return recorded.map((event) => this.decodeOne(event, keys));
  }

  /** Whether the event type is one of this version of the program. */
  knows(type: string): boolean {
    return Object.hasOwn(this.catalogue, type);
  }

  private decodeOne(recorded: RecordedEvent, keys: DataKeys): DecodedEvent {
    const { id, stream, type, metadata, revision, position, recordedAt } = recorded;
    const description = this.describe(type);
    const data = upcast(type, Number(metadata['schema']), unsealed(recorded, keys), description);
    const occurredAt = new Date(metadata['occurredAt'] ?? recordedAt);
    return { event: { type, data }, id, stream, revision, position, occurredAt, recordedAt, metadata };
  }

  private describe(type: string): Description {
    const description = this.knows(type) ? this.catalogue[type] : undefined;
    if (description === undefined) throw new EventNotUnderstood(`The event type ${type} is not known to this version.`);
    return description;
  }
}

/** Whether there is something in the event that only its owner's key can open. */
export const holdsSealed = ({ data }: Pick<RecordedEvent, 'data'>): boolean => Object.values(data).some(isSealed);

const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && 'sealed' in value && value.sealed === 'A256GCM';

const place = (stream: string, eventId: string, field: string) => `${stream}/${eventId}/${field}`;

function unsealed({ id, stream, data }: RecordedEvent, keys: DataKeys): StoredData {
  let clear: Record<string, unknown> | undefined;
  for (const [field, value] of Object.entries(data)) {
    if (!isSealed(value)) continue;
    const key = keys.get(value.key);
    clear ??= { ...data };
    clear[field] = key?.unseal(value, place(stream, id, field)) ?? erased;
  }
  return clear ?? data;
}

function upcast(type: string, from: number, data: StoredData, { schema, upcasters }: Description): StoredData {
  if (!(from <= schema)) throw new EventNotUnderstood(`${type} has schema ${from}, this version knows ${schema}.`);
  let current = data;
  for (let version = from; version < schema; version += 1) {
    const step = upcasters?.[version];
    if (step === undefined) throw new EventNotUnderstood(`${type} has no way from schema ${version} to the next.`);
    current = step(current);
  }
  return current;
}
