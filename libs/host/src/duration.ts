const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/;

/** Milliseconds of a duration such as `30d`, `10m` or `45s`; null for any other text. */
export function parseDurationMs(text: string): number | null {
  const [, amount, unit = ''] = DURATION.exec(text) ?? [];
  return amount === undefined ? null : Number(amount) * (UNIT_MS[unit] ?? 0);
}
