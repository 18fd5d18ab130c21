import { IsNumber, IsOptional, Max, Min } from 'class-validator';
import { isLoopback, isWebUrl, must } from './setting-rules.js';

/** Where traces are sent, and how many. */
export interface TracingSettings {
  /** The address of a collector that takes OTLP over HTTP. */
  readonly endpoint: string;
  /** The part of the requests that is traced, from 0 to 1. */
  readonly sampling: number;
}

/** Traces say nothing of anybody, but how the service is used; only on this machine without TLS. */
const isCollectorUrl = (text: unknown) =>
  isWebUrl(text) && (text.startsWith('https:') || isLoopback(new URL(text).hostname));
const PART = { message: 'must be a number from 0 to 1' };

export class TracingEntry {
  @must('isCollectorUrl', 'an https address such as https://collector.example.org/v1/traces', isCollectorUrl)
  endpoint: string;

  @IsOptional()
  @IsNumber({}, PART)
  @Min(0, PART)
  @Max(1, PART)
  sampling?: number;
}

export const tracingSettings = (entry: TracingEntry | undefined): TracingSettings | null =>
  entry === undefined ? null : { endpoint: entry.endpoint, sampling: entry.sampling ?? 1 };
