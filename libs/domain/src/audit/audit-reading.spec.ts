import { describe, expect, it } from 'vitest';
import { ada } from '../testing/users.js';
import { scenario } from '../testing/scenario.js';
import { type AuditInquiry, type AuditReadingCommand, auditReading, auditReadingEvents } from './audit-reading.js';

const given = scenario(auditReading);
const inquiry: AuditInquiry = {
  question: 'events',
  userId: ada,
  criteria: { user: ada, address: '192.0.2.0/24' },
  isPersonal: true,
  reason: 'ticket 7',
};
const record = { type: 'RecordReading', reader: 'grace', inquiry, events: 3 } as const satisfies AuditReadingCommand;

describe('reading the audit', () => {
  it('is recorded each time: who asked what, about whom, why, and how much they saw (SEC-164)', () => {
    const read = { type: 'AuditRead', data: { reader: 'grace', ...inquiry, events: 3 } } as const;
    given().when(record).yields(read);
    given(read).when(record).yields(read);
  });

  it('seals what was asked and why: both may name somebody', () => {
    expect(auditReadingEvents.AuditRead.personal?.fields).toEqual(['criteria', 'reason']);
  });

  it('needs a reason that can be read, where there is one', () => {
    const saying = (reason: string | null) => ({ ...record, inquiry: { ...inquiry, reason } });
    given().when(saying('two\nlines')).refuses('reason-invalid');
    given()
      .when(saying('x'.repeat(501)))
      .refuses('reason-invalid');
    expect(auditReading.decide(null, saying(null))).toHaveLength(1);
  });

  it('says of many sessions that are ended together which they were to be, and why', () => {
    const order = { reader: 'grace', criteria: { address: '192.0.2.0/24' }, reason: 'stolen passwords' } as const;
    given()
      .when({ type: 'OrderEndOfSessions', ...order })
      .yields({ type: 'SelectedSessionsEndOrdered', data: order });
    given()
      .when({ type: 'OrderEndOfSessions', ...order, reason: 'two\nlines' })
      .refuses('reason-invalid');
  });

  it('says of an export how much of it was taken', () => {
    given()
      .when({ type: 'RecordEndOfExport', reader: 'grace', events: 7, isWhole: false })
      .yields({ type: 'AuditExportEnded', data: { reader: 'grace', events: 7, isWhole: false } });
  });
});
