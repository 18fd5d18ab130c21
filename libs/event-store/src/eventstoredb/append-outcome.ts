import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamName } from '#domain/ids.js';
import {
  AppendOutcomeUnknown,
  EventRejected,
  type ExpectedRevision,
  type Position,
  StoreUnavailable,
} from '../event-store.js';

/** What a server says became of an append. */
export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: number; readonly position: Position | undefined }
  | { readonly kind: 'conflict'; readonly actual: ExpectedRevision }
  | { readonly kind: 'refused'; readonly failure: Error }
  /** It may have been appended; or some of the events were there already, followed by others. */
  | { readonly kind: 'unclear'; readonly failure: Error };

const PACKAGE = 'event_store.client.';

export function appendOutcome(stream: StreamName, answer: BatchAppendResp): AppendOutcome {
  const success = answer.getSuccess();
  if (success !== undefined) {
    const position = success.getPosition()?.getCommitPosition();
    return {
      kind: 'appended',
      revision: Number(success.getCurrentRevision()),
      position: position as Position | undefined,
    };
  }
  const details = answer.getError()?.getDetails();
  const refused = (failure: Error): AppendOutcome => ({ kind: 'refused', failure });
  switch (details?.getTypeName().replace(PACKAGE, '') ?? '') {
    case 'WrongExpectedVersion': {
      const bytes = details?.getValue_asU8() ?? new Uint8Array();
      const wrong = shared.WrongExpectedVersion.deserializeBinary(bytes);
      const isThere = wrong.hasCurrentStreamRevision();
      return { kind: 'conflict', actual: isThere ? Number(wrong.getCurrentStreamRevision()) : 'no-stream' };
    }
    case 'AccessDenied':
      return refused(new StoreUnavailable('The event store cannot be used: it refuses the user or password.'));
    case 'StreamDeleted':
      return refused(new EventRejected(`The stream ${stream} was deleted in the event store.`));
    case 'MaximumAppendSizeExceeded':
      return refused(new EventRejected(`The events for ${stream} are larger than the event store takes.`));
    default: {
      const said = answer.getError()?.getMessage() ?? 'the server did not say what became of it';
      return { kind: 'unclear', failure: new AppendOutcomeUnknown(`${stream} was not acknowledged: ${said}`) };
    }
  }
}
