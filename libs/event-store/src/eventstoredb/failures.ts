import { ErrorType, convertToCommandError, isCommandError } from '@eventstore/db-client';
import type { StreamName } from '#domain/ids.js';
import { AppendOutcomeUnknown, StoreUnavailable } from '../event-store.js';

/** The server did not answer in the time it has, or stopped answering. */
export class ServerSilent extends Error {
  override readonly name = 'ServerSilent';
}

const UNAVAILABLE = 14;
/** What the library puts around the words. */
const GRPC_CODE = /^[0-9]+ [A-Z_]+: /;
const RESOLUTION_NOTE = / Resolution note:.*$/;
/** What the library says before the words of Node, */
const LAST_ERROR = /^.*Last error: (?:Error: )?/;
/** which are about a certificate, or those of OpenSSL with places in its sources. */
const UNTRUSTED = /certificate/i;
const NOT_TLS = /SSL routines/;

/** Of an append that was not answered: whether its events may be in the log all the same. */
export const asAppendFailure = (stream: StreamName, error: unknown): Error =>
  wasNeverSent(error) || isRefusal(error)
    ? asReadFailure(error)
    : new AppendOutcomeUnknown(`${stream} was not acknowledged: ${reasonOf(error)}`, { cause: error });

/** A call that changes nothing did not succeed. */
export const asReadFailure = (error: unknown): StoreUnavailable =>
  error instanceof StoreUnavailable
    ? error
    : new StoreUnavailable(`The event store cannot be used: ${reasonOf(error)}.`, { cause: error });

/** In words, for logs; in one line. */
export function reasonOf(error: unknown): string {
  if (isRefusal(error)) return 'it refuses the user or password, or the user may not read $all';
  const text = error instanceof Error ? error.message : String(error);
  const reason = text.replace(GRPC_CODE, '').replace(RESOLUTION_NOTE, '').replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  if (NOT_TLS.test(reason)) return 'what answers there speaks no TLS; of a server without it say tls=false';
  if (UNTRUSTED.test(reason))
    return `its certificate is not trusted (${reason.replace(LAST_ERROR, '')}); name that of who signed it with tlsCAFile, and the host as it has it`;
  return reason;
}

/** Another node leads, and would have to be asked. */
export const isNotLeader = (error: unknown): boolean => typeOf(error) === ErrorType.NOT_LEADER;

const isRefusal = (error: unknown): boolean => typeOf(error) === ErrorType.ACCESS_DENIED;

function typeOf(error: unknown): ErrorType | null {
  const converted = error instanceof Error ? convertToCommandError(error) : null;
  return converted !== null && isCommandError(converted) ? converted.type : null;
}

/** A connection that could not even be made has carried nothing. */
function wasNeverSent(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || error.code !== UNAVAILABLE) return false;
  return /no connection established|name resolution failed/i.test(error.message);
}
