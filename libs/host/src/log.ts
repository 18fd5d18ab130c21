import type { LoggerService } from '@nestjs/common';
import { destination, pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** The least important lines that are written. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where the program writes what it has to say; a class, so that it can be injected. No field is personal data or a secret. */
export abstract class Log {
  /** May be changed while the program runs. */
  abstract level: string;
  abstract debug(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract error(fields: object, message: string): void;
}

/** Structured JSON lines on standard error; standard output is for what a person should read. */
export const createLog = (level: LogLevel): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { error: describeError },
    },
    destination(2),
  );

/** SIGUSR2 lets the log say everything, and the next one what the settings say again: nobody has to start anything anew. */
export function changeLevelOnSignal(log: Log, usual: LogLevel): void {
  process.on('SIGUSR2', () => {
    const level = log.level === 'debug' ? usual : 'debug';
    log.level = 'info';
    log.info({ logLevel: level }, 'the log changes its level');
    log.level = level;
  });
}

interface DescribedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/**
 * What the log says of an error. Only these fields: a database error also carries the values of its statement, which may
 * be anybody's data (SEC-160).
 */
export function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, message: 'thrown, but no error' };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}

/** Lets the framework speak through our log; its commentary on every route and module is left out. */
export class FrameworkLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  log(): void {}

  warn(message: unknown): void {
    this.sink.warn({ framework: String(message) }, 'framework');
  }

  error(message: unknown): void {
    this.sink.error({ framework: String(message) }, 'framework');
  }
}
