import type { ValueTransformer } from 'typeorm';

/** PostgreSQL gives 64-bit integers as text; epoch milliseconds fit a number for another 285,000 years. */
export const epochMs: ValueTransformer = {
  to: (value: number) => value,
  from: (value: string | number) => Number(value),
};
