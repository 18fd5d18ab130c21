import { describe, it } from 'vitest';
import { scenario } from '../testing/scenario.js';
import { ada } from '../testing/users.js';
import { type MailEvent, mail } from './mail.js';

const given = scenario(mail);
const now = new Date('2030-01-01T12:00:00.000Z');
const start = (time = '2030-01-01T12:00:00.000Z') =>
  ({
    type: 'StartDispatch',
    kind: 'password-changed',
    userId: ada,
    deadline: new Date('2030-01-01T13:00:00.000Z'),
    now: new Date(time),
  }) as const;
const started = (leaseUntil = '2030-01-01T12:01:00.000Z'): MailEvent => ({
  type: 'MailDispatchStarted',
  data: { kind: 'password-changed', userId: ada, leaseUntil },
});
const failed = (retryAt: string): MailEvent => ({
  type: 'MailDispatchFailed',
  data: { cause: 'ECONNREFUSED', retryAt },
});
const dispatched: MailEvent = { type: 'MailDispatched', data: {} };
const abandoned = (reason: 'interrupted' | 'late' | 'refused'): MailEvent => ({
  type: 'MailAbandoned',
  data: { reason },
});
const failure = { type: 'RecordFailedDispatch', cause: 'ECONNREFUSED', now } as const;

describe('a mail', () => {
  it('is handed over by one process at a time', () => {
    given().when(start()).yields(started());
    given(started()).when(start('2030-01-01T12:00:59.999Z')).yields();
  });

  it('is never handed over again once the mail server has it', () => {
    given(started()).when({ type: 'RecordDispatch', now }).yields(dispatched);
    given(started(), dispatched).when(start('2030-01-01T12:30:00.000Z')).yields();
    given(started(), dispatched).when(failure).yields();
  });

  it('is tried again after waits that double, to an hour at most', () => {
    given(started()).when(failure).yields(failed('2030-01-01T12:00:30.000Z'));
    const twice = [started(), failed('2030-01-01T12:00:00.000Z'), started()];
    given(...twice)
      .when(failure)
      .yields(failed('2030-01-01T12:01:00.000Z'));
    const often = Array.from({ length: 12 }, () => [started(), failed('2030-01-01T12:00:00.000Z')]).flat();
    given(...often)
      .when(failure)
      .yields(failed('2030-01-01T13:00:00.000Z'));
    given(started(), failed('2030-01-01T12:10:00.000Z')).when(start('2030-01-01T12:09:59.999Z')).yields();
    given(started(), failed('2030-01-01T12:10:00.000Z'))
      .when(start('2030-01-01T12:10:00.000Z'))
      .yields(started('2030-01-01T12:11:00.000Z'));
  });

  it('is taken over from a process that died with it, but not for ever', () => {
    given(started()).when(start('2030-01-01T12:01:00.000Z')).yields(started('2030-01-01T12:02:00.000Z'));
    const later = start('2030-01-01T12:50:00.000Z');
    given(started(), started()).when(later).yields(started('2030-01-01T12:51:00.000Z'));
    given(started(), started(), started()).when(later).yields(abandoned('interrupted'));
  });

  it('is given up when it makes no sense any more, or is refused for good', () => {
    given(started(), failed('2030-01-01T12:10:00.000Z'))
      .when(start('2030-01-01T13:00:00.000Z'))
      .yields(abandoned('late'));
    given(started()).when({ type: 'RecordRefusal', now }).yields(abandoned('refused'));
    given(started(), abandoned('refused')).when(start()).yields();
  });
});
