import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { parseDurationMs } from './duration.js';
import { must } from './setting-rules.js';

/** How many guesses may fail in a window, by where they come from (SEC-22). */
export interface ThrottlingSettings {
  /** From one client: an IPv4 address or an IPv6 /64. */
  readonly addressFailures: number;
  /** From one wider network: an IPv4 /24 or an IPv6 /48. */
  readonly networkFailures: number;
  /** From everywhere together. */
  readonly serviceFailures: number;
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Shorter, and guessing would hardly be limited; longer, and somebody who mistyped waits for days. */
const isThrottlingWindow = (text: unknown) => {
  const ms = typeof text === 'string' ? parseDurationMs(text) : null;
  return ms !== null && ms >= MINUTE_MS && ms <= DAY_MS;
};
const FAILURES = { message: 'must be a whole number from 1 to 1000000' };

export class FailuresEntry {
  @IsInt(FAILURES)
  @Min(1, FAILURES)
  @Max(1_000_000, FAILURES)
  failures: number;
}

/** How many wrong passwords and codes there may be in a window, by where they come from (SEC-22). */
export class ThrottlingEntry {
  @IsOptional()
  @ValidateNested()
  @Type(() => FailuresEntry)
  address?: FailuresEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => FailuresEntry)
  network?: FailuresEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => FailuresEntry)
  service?: FailuresEntry;

  @IsOptional()
  @must('isThrottlingWindow', 'a duration from 1m to 1d', isThrottlingWindow)
  window?: string;
}

export const throttlingSettings = ({
  address,
  network,
  service,
  window = '',
}: ThrottlingEntry): ThrottlingSettings => ({
  addressFailures: address?.failures ?? 100,
  networkFailures: network?.failures ?? 1_000,
  serviceFailures: service?.failures ?? 10_000,
  windowMs: parseDurationMs(window) ?? 15 * MINUTE_MS,
});
