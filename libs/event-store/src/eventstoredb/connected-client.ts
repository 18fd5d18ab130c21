import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient, type SingleNodeOptions } from '@eventstore/db-client';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { BatchAppendReq, BatchAppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import type { StreamName } from '#domain/ids.js';
import type { ExpectedRevision, NewEvent } from '../event-store.js';
import type { Connection } from './connection-string.js';
import { ServerSilent } from './failures.js';
import { type ReadFrom, appendRequest, readRequest } from './wire.js';

const DISPOSE_MS = 1_000;

type AppendCall = ClientDuplexStream<BatchAppendReq, BatchAppendResp>;

/**
 * The client of the server, from its first call until it is given up. It finds the node that leads, connects and connects
 * again; appends and reads are calls of our own. The client's own appends share what waits for answers among all clients of a
 * process, and its own reads reset the connection's stream whenever there is nothing to read, which servers take for an
 * attack when it happens often.
 */
export class ConnectedClient extends EventStoreDBClient {
  private readonly gone = new AbortController();
  private readonly waiting = new Map<string, Waiting>();
  private appends: Promise<AppendCall> | undefined;

  constructor(private readonly connection: Connection) {
    const { nodes, tls, credentials, options } = connection;
    const channel = { insecure: tls === null, ...(tls?.rootCertificate && { rootCertificate: tls.rootCertificate }) };
    // There is an overload for each way to name nodes, and none for all of them.
    super({ ...nodes, ...options } as SingleNodeOptions, channel, credentials);
  }

  /** Aborts when the client is given up. */
  get lost(): AbortSignal {
    return this.gone.signal;
  }

  /** The server's answer. All appends go over one call; each waits for its own answer in it. */
  async append(
    stream: StreamName,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    deadline: Date,
  ): Promise<BatchAppendResp> {
    const id = randomUUID();
    const request = appendRequest(id, stream, expected, events, deadline);
    const call = await (this.appends ??= this.openAppends());
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      call.write(request);
    });
  }

  /** What the server sends. Whoever stops before its end has to cancel it. */
  async read(what: ReadFrom): Promise<ClientReadableStream<ReadResp>> {
    const { credentials } = this.connection;
    const request = readRequest(what);
    const open = this.GRPCStreamCreator(services.StreamsClient, 'read', (client: StreamsClient) =>
      client.read(request, ...this.callArguments({ credentials }, { deadline: Infinity })),
    );
    const call = await open();
    // Also after somebody has turned away from it.
    call.on('error', () => undefined);
    return call;
  }

  async giveUp(): Promise<void> {
    this.gone.abort();
    this.failAll(new ServerSilent('the connection was given up'));
    // It can wait for ever for a call that the server has ended.
    await Promise.race([this.dispose().catch(() => undefined), delay(DISPOSE_MS, undefined, { ref: false })]);
  }

  private async openAppends(): Promise<AppendCall> {
    const { credentials } = this.connection;
    const open = this.GRPCStreamCreator(services.StreamsClient, 'append', (client: StreamsClient) =>
      client.batchAppend(...this.callArguments({ credentials }, { deadline: Infinity })),
    );
    try {
      const call = await open();
      const end = (error: Error) => {
        this.appends = undefined;
        this.failAll(error);
      };
      call.on('data', (answer: BatchAppendResp) => this.settle(answer));
      call.on('error', end);
      call.on('end', () => end(new ServerSilent('the server ended the call')));
      return call;
    } catch (error) {
      this.appends = undefined;
      throw error;
    }
  }

  private settle(answer: BatchAppendResp): void {
    const id = answer.getCorrelationId()?.getString() ?? '';
    this.waiting.get(id)?.resolve(answer);
    this.waiting.delete(id);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

interface Waiting {
  readonly resolve: (answer: BatchAppendResp) => void;
  readonly reject: (error: Error) => void;
}
