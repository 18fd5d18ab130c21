import { ErrorType, isCommandError } from '@eventstore/db-client';
import type { StreamName } from '#domain/ids.js';
import { AppendOutcomeUnknown, EventRejected, StoreUnavailable } from '../event-store.js';

/** The server did not answer in the time it has. */
export class ServerSilent extends Error {
  override readonly name = 'ServerSilent';
}

const UNAVAILABLE = 14;
/** What the library puts around the words. */
const GRPC_CODE = /^[0-9]+ [A-Z_]+: /;
const RESOLUTION_NOTE = / Resolution note:.*$/;

/** What of the client's errors tells them apart; empty for errors of others. */
export const typeOf = (error: unknown): ErrorType | '' =>
  error instanceof Error && isCommandError(error) ? error.type : '';

/** Of an append that did not succeed, conflicts aside: whether its events may be in the log all the same. */
export function asAppendFailure(stream: StreamName, error: unknown): Error {
  const type = typeOf(error);
  if (type === ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED)
    return new EventRejected(`The events for ${stream} are larger than the event store takes.`, { cause: error });
  if (type === ErrorType.STREAM_DELETED)
    return new EventRejected(`The stream ${stream} was deleted in the event store.`, { cause: error });
  if (type === ErrorType.ACCESS_DENIED || type === ErrorType.NOT_LEADER || wasNeverSent(error))
    return asReadFailure(error);
  return new AppendOutcomeUnknown(`${stream} was not acknowledged: ${reasonOf(error)}`, { cause: error });
}

/** A call that changes nothing did not succeed. */
export const asReadFailure = (error: unknown): StoreUnavailable =>
  error instanceof StoreUnavailable
    ? error
    : new StoreUnavailable(`The event store cannot be used: ${reasonOf(error)}.`, { cause: error });

/** In words, for logs; in one line. */
export function reasonOf(error: unknown): string {
  if (typeOf(error) === ErrorType.ACCESS_DENIED)
    return 'it refuses the user or password, or the user may not read $all';
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(GRPC_CODE, '').replace(RESOLUTION_NOTE, '').replaceAll(/\s+/g, ' ').replace(/\.$/, '');
}

/** A connection that could not even be made has carried nothing. */
function wasNeverSent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === UNAVAILABLE && /no connection established|name resolution failed/i.test(reasonOf(error));
}
