import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { authlogEvents } from '#domain/events.js';
import { RECORDED_REFUSALS, UNRECORDED_REFUSALS } from '#domain/refusal/recorded-refusals.js';
import { RETENTION } from '#domain/retention.js';
import { SAML_FAULTS } from '#domain/saml/saml-fault.js';
import { Metrics } from '#host/metrics.js';
import { KNOWN_SETTINGS } from '#host/settings.js';
import { ERROR_CODES } from '../apps/auth-api/src/surfaces/ucloud/errors.js';
import { TestApp } from '../apps/auth-api/src/testing/test-app.js';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const found = (text: string, pattern: RegExp) => new Set(text.match(pattern));
const section = (text: string, heading: string) => text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

/** The cells of a table's rows that begin with something in code. */
const rowsIn = (text: string) =>
  (text.match(/^\| `.*\|$/gm) ?? []).map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));

interface Rule {
  readonly expr: string;
  readonly annotations: object;
}

interface DescribedCall {
  readonly operationId: string;
  readonly 'x-scope'?: string;
}

describe('the documents and the program say the same', () => {
  it('of settings', () => {
    expect(found(section(read('docs/operations.md'), 'Settings'), /AUTHLOG_[A-Z_]+/g)).toEqual(KNOWN_SETTINGS);
  });

  it('of metrics', async () => {
    const described = found(section(read('docs/operations.md'), 'Health, metrics, logs'), /authlog_[a-z_]+/g);
    const measured = (await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name);
    const ours = measured.filter((name) => name.startsWith('authlog_'));
    expect(described).toEqual(new Set([...ours, 'authlog_mails_pending', 'authlog_password_queue_length']));
  });

  it('of metrics, also in the alert rules and on the board', async () => {
    const named = (await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name);
    const known = new Set([...named, 'authlog_mails_pending', 'authlog_password_queue_length']);
    const { groups } = parse(read('docs/monitoring/alerts.yaml')) as { groups: { rules: Rule[] }[] };
    const board = JSON.parse(read('docs/monitoring/grafana.json')) as { panels: { targets: { expr: string }[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    const expressions = [...rules, ...board.panels.flatMap(({ targets }) => targets)].map(({ expr }) => expr);
    const used = expressions.flatMap((expr) => expr.match(/\b(?:authlog|nodejs|process)_[a-z0-9_]+/g) ?? []);
    expect(used.length).toBeGreaterThan(20);
    expect(used.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')).filter((name) => !known.has(name))).toEqual(
      [],
    );
    for (const { annotations } of rules)
      expect(annotations).toEqual({ summary: expect.any(String), todo: expect.any(String) });
  });

  it('of events', () => {
    const described = found(section(read('docs/architecture.md'), 'The log'), /`[A-Z][A-Za-z]+`/g);
    expect(described).toEqual(new Set(Object.keys(authlogEvents).map((type) => `\`${type}\``)));
  });

  it('of what can be wrong with a SAML message', () => {
    const [, told = ''] = section(read('docs/audit.md'), 'Refusals').split('The faults of SAML messages');
    expect(told.split('\n\n')[0]?.match(/(?<=`)[a-z-]+(?=`)/g)).toEqual(SAML_FAULTS);
  });

  it('of what is kept for how long', () => {
    const rows = rowsIn(section(read('docs/operations.md'), 'Retention'));
    expect(
      rows.map(([, category, days, reason]) => ({ category, days: Number.parseInt(days ?? '', 10), reason })),
    ).toEqual(RETENTION);
  });

  it('of what is recorded of refused requests, and what is not', () => {
    const [recorded = '', unrecorded = ''] = section(read('docs/audit.md'), 'Refusals').split('These are not:');
    expect(rowsIn(recorded).map(([, code, kind, reason]) => [code, { kind, reason }])).toEqual(
      Object.entries(RECORDED_REFUSALS),
    );
    expect(rowsIn(unrecorded).map(([, codes, reason]) => ({ reason, codes: codes?.split(', ') }))).toEqual(
      UNRECORDED_REFUSALS.map(({ reason, codes }) => ({ reason: reason.replaceAll('`', ''), codes })),
    );
  });

  it('of error codes', () => {
    const described = found(section(read('docs/api.md'), 'Errors').split('stable:')[1] ?? '', /`[a-z][a-z-]+`/g);
    expect(described).toEqual(new Set(ERROR_CODES.map((code) => `\`${code}\``)));
  });

  it('of calls, also in the README', async () => {
    const app = await TestApp.start();
    const { json } = await app.call('GET', '/openapi.json');
    await app.close();
    const paths = Object.entries(json['paths'] as Record<string, Record<string, DescribedCall>>);
    const described = paths
      .filter(([path]) => /^\/(?:auth|api|audit)\/(?!\.well-known)/.test(path))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { operationId, 'x-scope': scope = '–' }]) =>
          [operationId, `${method.toUpperCase()} ${path}`, scope].join(', '),
        ),
      );
    const rows = section(read('docs/api.md'), 'Calls').matchAll(
      /^\| `(\w+)` +\| `([^`]+)` +\|[^|]*\| `?([^`|]+?)`? +\|/gm,
    );
    expect([...rows].map(([, name, call, scope]) => [name, call, scope].join(', ')).toSorted()).toEqual(
      described.toSorted(),
    );
    for (const address of found(read('README.md'), /\$API(\/[a-z/]+)/g))
      expect(described.map((call) => call.split(/[ ,]+/)[2])).toContain(address.replace('$API', ''));
  });
});
