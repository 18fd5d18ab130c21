import { describe, expect, it } from 'vitest';
import { demandLeft } from './demand-left.js';

const refusal = (retryAfterSeconds: number) =>
  expect.objectContaining({ code: 'login-throttled', details: { retryAfterSeconds } });

describe('several budgets', () => {
  it('let something through while each has something left', () => {
    expect(() => demandLeft([], 1, 'login-throttled')).not.toThrow();
    expect(() => demandLeft([{ left: 1, renewedInMs: 5_000 }], 1, 'login-throttled')).not.toThrow();
    expect(() => demandLeft([{ left: 0, renewedInMs: 5_000 }], 0, 'login-throttled')).not.toThrow();
  });

  it('make wait for the last of those that are used up (SEC-22, SEC-27)', () => {
    const balances = [
      { left: 0, renewedInMs: 5_000 },
      { left: -3, renewedInMs: 6_001 },
      { left: 1, renewedInMs: 900_000 },
    ];
    expect(() => demandLeft(balances, 1, 'login-throttled')).toThrow(refusal(7));
    expect(() => demandLeft([{ left: 0, renewedInMs: 0 }], 1, 'login-throttled')).toThrow(refusal(1));
    expect(() => demandLeft([{ left: -1, renewedInMs: 1 }], 0, 'login-throttled')).toThrow(refusal(1));
  });
});
