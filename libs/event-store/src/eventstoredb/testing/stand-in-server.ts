import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featureMessages from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import statusMessages from '@eventstore/db-client/generated/status_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import {
  type AppendAnswer,
  type Expected,
  type ProposedRecord,
  StandInLog,
  type StoredRecord,
} from './stand-in-log.js';

/** What can go wrong on command. */
export type Fault =
  /** Refused before anything is done. */
  | 'unavailable'
  /** Done, and the answer lost. */
  | 'answer-lost'
  /** Never answered. */
  | 'silent'
  | 'not-leader'
  | 'access-denied';

/** Whom it lets in, and how it proves who it is. */
export interface StandInSecurity {
  readonly key: string;
  readonly certificate: string;
  readonly username: string;
  readonly password: string;
}

const HOST = '127.0.0.1';
const BACKWARDS = messages.ReadReq.Options.ReadDirection.BACKWARDS;
const CHECKPOINT_EVERY = 32;

/**
 * A server that speaks the protocol of EventStoreDB well enough for tests and keeps its log in memory. It is a fixture,
 * not a database: what it is faithful in is the order, the revisions, the idempotence and the errors that the adapter
 * relies on, read from KurrentDB's own sources; what is only true of it proves nothing about a real server, for which
 * the same tests run where AUTHLOG_TEST_ESDB names one.
 */
export class StandInServer {
  readonly log = new StandInLog();
  private readonly faults = new Map<'append' | 'read' | 'subscribe', Fault[]>();
  private readonly subscriptions = new Set<ServerWritableStream<ReadReq, ReadResp>>();
  private held: (() => void)[] | null = null;
  private server: Server | undefined;
  private port = 0;
  private leader = { host: HOST, port: 0 };
  /** How many calls of each kind it has had. */
  readonly calls = { append: 0, batchAppend: 0, read: 0, subscribe: 0 };

  private constructor(private readonly security: StandInSecurity | null) {}

  static async start(security: StandInSecurity | null = null): Promise<StandInServer> {
    const standIn = new StandInServer(security);
    await standIn.listen();
    return standIn;
  }

  /** Without TLS. */
  get connectionString(): string {
    return `esdb://${this.address}?tls=false`;
  }

  get address(): string {
    return `${HOST}:${this.port}`;
  }

  get openSubscriptions(): number {
    return this.subscriptions.size;
  }

  /** The next calls of this kind fail so, one after the other. */
  fail(call: 'append' | 'read' | 'subscribe', ...faults: readonly Fault[]): void {
    this.faults.set(call, [...(this.faults.get(call) ?? []), ...faults]);
  }

  /** Who leads, in what it says with `not-leader`. */
  pointTo(other: StandInServer): void {
    this.leader = { host: HOST, port: other.port };
  }

  /** Nothing is answered or delivered until `speak`. Connections stay open, as behind a cable that was pulled. */
  fallSilent(): void {
    this.held ??= [];
  }

  speak(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const answer of held) answer();
  }

  /** Ends every subscription as if that were in order. */
  endSubscriptions(): void {
    for (const call of this.subscriptions) call.end();
  }

  /** Cuts every connection and takes no new one. */
  async stop(): Promise<void> {
    this.server?.forceShutdown();
    this.server = undefined;
  }

  /** Listens again, on the same port, with the same log. */
  async listen(): Promise<void> {
    const server = new Server({ 'grpc.max_receive_message_length': 32 * 1024 * 1024 });
    server.addService(features.ServerFeaturesService, { getSupportedMethods });
    server.addService(services.StreamsService, {
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) =>
        this.append(call, answer),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => this.batchAppend(call),
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => this.read(call),
      delete: unimplemented,
      tombstone: unimplemented,
    });
    this.port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(this.address, this.serverCredentials(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
    this.server = server;
  }

  private serverCredentials(): ServerCredentials {
    if (this.security === null) return ServerCredentials.createInsecure();
    const { key, certificate } = this.security;
    return ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }]);
  }

  private lets(metadata: Metadata): boolean {
    if (this.security === null) return true;
    const { username, password } = this.security;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return metadata.get('authorization')[0] === expected;
  }

  private append(call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>): void {
    this.calls.append += 1;
    let options: AppendReq.Options | undefined;
    const events: ProposedRecord[] = [];
    call.on('data', (message: AppendReq) => {
      options ??= message.getOptions();
      const proposed = message.getProposedMessage();
      if (proposed !== undefined) events.push(asRecord(proposed));
    });
    call.on('error', () => undefined);
    call.on('end', () => {
      // Whoever died in the middle of it has asked for nothing.
      if (call.cancelled || events.length === 0) return;
      if (options === undefined) return answer(failure(status.INVALID_ARGUMENT, 'no options'));
      const { expected, stream } = appendOptions(options);
      this.answering(
        call.metadata,
        'append',
        (error) => answer(error),
        () => {
          const result = this.log.append(stream, expected, events);
          return () =>
            result.kind === 'corrupted-idempotency'
              ? answer(invalidTransaction())
              : answer(null, appendResponse(result, expected));
        },
      );
    });
  }

  private batchAppend(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
    const batches = new Map<string, { options: BatchAppendReq.Options; events: ProposedRecord[] }>();
    call.on('error', () => undefined);
    call.on('end', () => call.end());
    call.on('data', (message: BatchAppendReq) => {
      const correlation = message.getCorrelationId();
      const key = correlation?.getString() ?? '';
      const options = batches.get(key)?.options ?? message.getOptions();
      if (options === undefined) return;
      const batch = batches.get(key) ?? { options, events: [] };
      batches.set(key, batch);
      batch.events.push(...message.getProposedMessagesList().map(asRecord));
      if (!message.getIsFinal()) return;
      batches.delete(key);
      this.calls.batchAppend += 1;
      const { expected, stream } = batchOptions(options);
      this.answering(
        call.metadata,
        'append',
        (error) => call.emit('error', error),
        () => {
          const result = this.log.append(stream, expected, batch.events);
          return () => {
            const response = batchResponse(result, expected);
            response.setCorrelationId(correlation);
            response.setStreamIdentifier(options.getStreamIdentifier());
            call.write(response);
          };
        },
      );
    });
  }

  private read(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const options = call.request.getOptions();
    if (options === undefined) return void call.emit('error', failure(status.INVALID_ARGUMENT, 'no options'));
    const kind = options.hasSubscription() ? 'subscribe' : 'read';
    this.calls[kind] += 1;
    this.answering(
      call.metadata,
      kind,
      (error) => call.emit('error', error),
      () => () => {
        if (options.hasSubscription()) this.subscribe(call, options);
        else if (options.hasAll()) deliver(call, page(this.log.all, this.placeIn(options), options));
        else this.readStream(call, options);
      },
    );
  }

  private readStream(call: ServerWritableStream<ReadReq, ReadResp>, options: ReadReq.Options): void {
    const wanted = options.getStream();
    const name = nameOf(wanted?.getStreamIdentifier());
    const records = this.log.readStream(name);
    if (records.length > 0) {
      const place = wanted?.hasEnd() ? records.length - 1 : wanted?.hasRevision() ? Number(wanted.getRevision()) : 0;
      return deliver(call, page(records, place, options));
    }
    const missing = new messages.ReadResp.StreamNotFound();
    missing.setStreamIdentifier(wanted?.getStreamIdentifier());
    call.write(new messages.ReadResp().setStreamNotFound(missing));
    call.end();
  }

  private placeIn(options: ReadReq.Options): number {
    const all = options.getAll();
    if (all?.hasEnd()) return this.log.all.length - 1;
    const position = all?.getPosition()?.getCommitPosition();
    return position === undefined ? 0 : this.log.indexOf(BigInt(position));
  }

  private subscribe(call: ServerWritableStream<ReadReq, ReadResp>, options: ReadReq.Options): void {
    const all = options.getAll();
    const after = BigInt(all?.getPosition()?.getCommitPosition() ?? 0);
    const pattern = options.getFilter()?.getStreamIdentifier()?.getRegex();
    const matches =
      pattern === undefined || pattern === '' ? () => true : (name: string) => new RegExp(pattern).test(name);
    let next = all?.hasEnd() ? this.log.all.length : all?.hasStart() ? 0 : this.log.indexOf(after + 1n);
    let considered = 0;
    let behind = true;
    let delivering = false;
    const pump = async () => {
      if (delivering) return;
      delivering = true;
      while (!call.cancelled && !call.writableEnded && this.held === null) {
        const record = this.log.all[next];
        if (record === undefined) break;
        next += 1;
        considered += 1;
        const response = matches(record.stream)
          ? eventResponse(record)
          : considered % CHECKPOINT_EVERY === 0
            ? checkpoint(record)
            : null;
        if (response !== null && !call.write(response)) await new Promise((resolve) => call.once('drain', resolve));
      }
      delivering = false;
      if (behind && this.held === null && next >= this.log.all.length) {
        behind = false;
        call.write(new messages.ReadResp().setCaughtUp(new messages.ReadResp.CaughtUp()));
      }
      if (this.held !== null && !call.cancelled) this.held.push(() => void pump());
    };
    const unfollow = this.log.follow(() => void pump());
    const end = () => {
      unfollow();
      this.subscriptions.delete(call);
    };
    call.on('cancelled', end).on('close', end).on('error', end).on('finish', end);
    this.subscriptions.add(call);
    const confirmation = new messages.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId(String(this.calls.subscribe));
    call.write(new messages.ReadResp().setConfirmation(confirmation));
    void pump();
  }

  /** Carries out a call, or fails it as it was told to. */
  private answering(
    metadata: Metadata,
    call: 'append' | 'read' | 'subscribe',
    refuse: (error: Partial<ServiceError>) => void,
    carryOut: () => () => void,
  ): void {
    if (!this.lets(metadata)) return refuse(failure(status.UNAUTHENTICATED, 'Unauthenticated'));
    const fault = this.faults.get(call)?.shift();
    switch (fault) {
      case 'silent':
        return;
      case 'unavailable':
        return refuse(failure(status.UNAVAILABLE, 'the stand-in was told to be unavailable'));
      case 'not-leader':
        return refuse(notLeader(this.leader));
      case 'access-denied':
        return refuse(failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }));
      case 'answer-lost':
        carryOut();
        return refuse(failure(status.UNAVAILABLE, 'the stand-in was told to lose its answer'));
      case undefined:
    }
    const answer = carryOut();
    if (this.held === null) answer();
    else this.held.push(answer);
  }
}

function getSupportedMethods(
  _: ServerUnaryCall<Empty, SupportedMethods>,
  answer: sendUnaryData<SupportedMethods>,
): void {
  const methods = new featureMessages.SupportedMethods();
  methods.setEventStoreServerVersion('26.1.1');
  for (const [service, method, ...offered] of [
    ['event_store.client.streams.streams', 'append'],
    ['event_store.client.streams.streams', 'batchappend', 'deadline_duration'],
    ['event_store.client.streams.streams', 'read', 'position', 'events'],
  ]) {
    const supported = new featureMessages.SupportedMethod();
    supported
      .setServiceName(service ?? '')
      .setMethodName(method ?? '')
      .setFeaturesList(offered);
    methods.addMethods(supported);
  }
  answer(null, methods);
}

const unimplemented = (_: unknown, answer: sendUnaryData<unknown>) =>
  answer(failure(status.UNIMPLEMENTED, 'the stand-in does not delete'));

function failure(code: status, details: string, entries: Readonly<Record<string, string>> = {}): Partial<ServiceError> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

const invalidTransaction = () =>
  failure(status.FAILED_PRECONDITION, 'WrongExpectedVersion', { exception: 'invalid-transaction' });

const notLeader = ({ host, port }: { host: string; port: number }) =>
  failure(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  });

type StreamIdentifier = InstanceType<typeof shared.StreamIdentifier>;
const nameOf = (identifier: StreamIdentifier | undefined) =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

const asRecord = (proposed: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): ProposedRecord => ({
  id: proposed.getId()?.getString() ?? '',
  metadata: new Map(proposed.getMetadataMap().getEntryList()),
  data: proposed.getData_asU8(),
  customMetadata: proposed.getCustomMetadata_asU8(),
});

const appendOptions = (options: AppendReq.Options) => expectation(options, options.getRevision());
const batchOptions = (options: BatchAppendReq.Options) => expectation(options, options.getStreamPosition());

function expectation(
  options: AppendReq.Options | BatchAppendReq.Options,
  revision: string | number,
): { stream: string; expected: Expected } {
  const expected = options.hasNoStream()
    ? 'no-stream'
    : options.hasAny()
      ? 'any'
      : options.hasStreamExists()
        ? 'stream-exists'
        : BigInt(revision);
  return { stream: nameOf(options.getStreamIdentifier()), expected };
}

type Answered = Exclude<AppendAnswer, { kind: 'corrupted-idempotency' }>;

function appendResponse(answer: Answered, expected: Expected): AppendResp {
  const response = new messages.AppendResp();
  if (answer.kind === 'success') {
    const position = new messages.AppendResp.Position();
    position.setCommitPosition(String(answer.position)).setPreparePosition(String(answer.position));
    return response.setSuccess(
      new messages.AppendResp.Success().setCurrentRevision(String(answer.revision)).setPosition(position),
    );
  }
  const wrong = new messages.AppendResp.WrongExpectedVersion();
  if (typeof expected === 'bigint') wrong.setExpectedRevision(String(expected));
  else if (expected === 'no-stream') wrong.setExpectedNoStream(new shared.Empty());
  else wrong.setExpectedStreamExists(new shared.Empty());
  if (answer.actual < 0) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(answer.actual));
  return response.setWrongExpectedVersion(wrong);
}

function batchResponse(answer: AppendAnswer, expected: Expected): BatchAppendResp {
  const response = new messages.BatchAppendResp();
  if (answer.kind === 'success') {
    const position = new shared.AllStreamPosition();
    position.setCommitPosition(String(answer.position)).setPreparePosition(String(answer.position));
    return response.setSuccess(
      new messages.BatchAppendResp.Success().setCurrentRevision(String(answer.revision)).setPosition(position),
    );
  }
  const details = new any.Any();
  // On this path KurrentDB has no other word for it.
  if (answer.kind === 'corrupted-idempotency')
    details.pack(new shared.Unknown().serializeBinary(), 'event_store.client.Unknown');
  else {
    const wrong = new shared.WrongExpectedVersion();
    if (typeof expected === 'bigint') wrong.setExpectedStreamPosition(String(expected));
    if (answer.actual >= 0) wrong.setCurrentStreamRevision(String(answer.actual));
    details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion');
  }
  return response.setError(new statusMessages.Status().setDetails(details));
}

function page(records: readonly StoredRecord[], place: number, options: ReadReq.Options): readonly StoredRecord[] {
  const count = Number(options.getCount());
  return options.getReadDirection() === BACKWARDS
    ? records.slice(Math.max(0, place + 1 - count), place + 1).toReversed()
    : records.slice(place, place + count);
}

function deliver(call: ServerWritableStream<ReadReq, ReadResp>, records: readonly StoredRecord[]): void {
  for (const record of records) call.write(eventResponse(record));
  call.end();
}

function eventResponse(record: StoredRecord): ReadResp {
  const event = new messages.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString(record.id);
  const stream = new shared.StreamIdentifier();
  stream.setStreamName(Buffer.from(record.stream).toString('base64'));
  event
    .setId(id)
    .setStreamIdentifier(stream)
    .setStreamRevision(String(record.revision))
    .setCommitPosition(String(record.position))
    .setPreparePosition(String(record.position))
    .setData(record.data)
    .setCustomMetadata(record.customMetadata);
  for (const [name, value] of record.metadata) event.getMetadataMap().set(name, value);
  const read = new messages.ReadResp.ReadEvent();
  return new messages.ReadResp().setEvent(read.setEvent(event).setCommitPosition(String(record.position)));
}

function checkpoint({ position }: StoredRecord): ReadResp {
  const mark = new messages.ReadResp.Checkpoint();
  mark.setCommitPosition(String(position)).setPreparePosition(String(position));
  return new messages.ReadResp().setCheckpoint(mark);
}
