import type { ValueTransformer } from 'typeorm';

/** PostgreSQL gives 64-bit integers as text; epoch milliseconds fit a number for another 285,000 years. */
export const epochMs: ValueTransformer = {
  to: (value: number | null) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};
