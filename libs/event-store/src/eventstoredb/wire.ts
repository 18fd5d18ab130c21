import shared from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendReq, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import type { StreamName } from '#domain/ids.js';
import {
  type ExpectedRevision,
  LOG_START,
  type NewEvent,
  type Position,
  type RecordedEvent,
  serialise,
} from '../event-store.js';

/** Where a read begins, and how far it goes. */
export type ReadFrom =
  | { readonly stream: StreamName; readonly from: number | 'last'; readonly most?: number }
  /** Backwards over everything, the server's own events included. */
  | { readonly lastOfLog: number }
  /** Everything but the server's own events, what comes as well as what is there. */
  | { readonly after: Position };

const OWN_STREAMS = '^[^$]';
const NO_LIMIT = String(Number.MAX_SAFE_INTEGER);
/** What a server answers for the position of an event if it does not know it. */
const NOWHERE = '18446744073709551615';
const TICKS_PER_MS = 10_000n;

export function readRequest(what: ReadFrom): ReadReq {
  const options = new messages.ReadReq.Options();
  options.setUuidOption(new messages.ReadReq.Options.UUIDOption().setString(new shared.Empty()));
  if ('stream' in what) {
    const stream = new messages.ReadReq.Options.StreamOptions().setStreamIdentifier(streamIdentifier(what.stream));
    if (what.from === 'last') stream.setEnd(new shared.Empty());
    else stream.setRevision(String(what.from));
    options.setStream(stream).setNoFilter(new shared.Empty());
    options.setCount(what.most === undefined ? NO_LIMIT : String(what.most));
    if (what.from === 'last') options.setReadDirection(messages.ReadReq.Options.ReadDirection.BACKWARDS);
  } else if ('lastOfLog' in what) {
    options.setAll(new messages.ReadReq.Options.AllOptions().setEnd(new shared.Empty()));
    options.setReadDirection(messages.ReadReq.Options.ReadDirection.BACKWARDS);
    options.setNoFilter(new shared.Empty()).setCount(String(what.lastOfLog));
  } else {
    const all = new messages.ReadReq.Options.AllOptions();
    const place = new messages.ReadReq.Options.Position();
    if (what.after === LOG_START) all.setStart(new shared.Empty());
    else all.setPosition(place.setCommitPosition(what.after).setPreparePosition(what.after));
    const own = new messages.ReadReq.Options.FilterOptions.Expression().setRegex(OWN_STREAMS);
    const filter = new messages.ReadReq.Options.FilterOptions().setStreamIdentifier(own).setCount(new shared.Empty());
    options.setAll(all).setFilter(filter.setCheckpointintervalmultiplier(1));
    options.setSubscription(new messages.ReadReq.Options.SubscriptionOptions());
  }
  return new messages.ReadReq().setOptions(options);
}

export function appendRequest(
  correlationId: string,
  stream: StreamName,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
  deadline: Date,
): BatchAppendReq {
  const options = new messages.BatchAppendReq.Options();
  options.setStreamIdentifier(streamIdentifier(stream)).setDeadline(timestamp.Timestamp.fromDate(deadline));
  if (expected === 'no-stream') options.setNoStream(new empty.Empty());
  else options.setStreamPosition(String(expected));
  const request = new messages.BatchAppendReq();
  request.setCorrelationId(uuid(correlationId)).setOptions(options).setIsFinal(true);
  for (const { id, type, data, metadata } of events.map(serialise)) {
    const proposed = new messages.BatchAppendReq.ProposedMessage();
    proposed.setId(uuid(id)).setData(Buffer.from(data)).setCustomMetadata(Buffer.from(metadata));
    proposed.getMetadataMap().set('type', type).set('content-type', 'application/json');
    request.addProposedMessages(proposed);
  }
  return request;
}

/** An event that a server has sent; undefined for whatever else it says. */
export function recordedEvent(response: ReadResp): RecordedEvent | undefined {
  const event = response.getEvent()?.getEvent();
  if (event === undefined) return undefined;
  const metadata = event.getMetadataMap();
  return {
    id: event.getId()?.getString() ?? '',
    type: metadata.get('type') ?? '',
    data: parsed(event.getData_asU8()) as RecordedEvent['data'],
    metadata: parsed(event.getCustomMetadata_asU8()) as RecordedEvent['metadata'],
    stream: Buffer.from(event.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
    revision: Number(event.getStreamRevision()),
    position: event.getCommitPosition() as Position,
    recordedAt: new Date(Number(BigInt(metadata.get('created') ?? 0) / TICKS_PER_MS)),
  };
}

/** Whether the server says where it is; the position is that of its commit. */
export const isSomewhere = (position: Position | undefined): position is Position =>
  position !== undefined && position !== NOWHERE;

/** Events of the server and of other programs need not be JSON; nobody of ours reads them. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return {};
  }
}

function streamIdentifier(stream: StreamName) {
  const identifier = new shared.StreamIdentifier();
  return identifier.setStreamName(Buffer.from(stream));
}

function uuid(text: string) {
  const id = new shared.UUID();
  id.setString(text);
  return id;
}
