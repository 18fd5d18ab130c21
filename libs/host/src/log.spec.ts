import { describe, expect, it } from 'vitest';
import { describeError } from './log.js';

describe('an error in the log', () => {
  it('keeps its cause and code, and none of the values a database error carries (SEC-160)', () => {
    const database = Object.assign(new Error('UNIQUE constraint failed'), {
      code: 'SQLITE_CONSTRAINT',
      parameters: ['ada@example.org'],
      query: "INSERT INTO user VALUES ('ada@example.org')",
    });
    const described = describeError(new Error('could not be written', { cause: database }));
    expect(described).toMatchObject({
      message: 'could not be written',
      cause: { code: 'SQLITE_CONSTRAINT', message: 'UNIQUE constraint failed' },
    });
    expect(JSON.stringify(described)).not.toContain('ada@example.org');
  });

  it('may be thrown text, which is not repeated', () => expect(describeError('secret')).not.toContain('secret'));
});
