import 'reflect-metadata';
import { isAbsolute } from 'node:path';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { isLoopback, isWebUrl, must } from './setting-rules.js';

/** What is done to the log so that others can check it. */
export interface AuditSettings {
  /** Where signed heads are handed to, beside the log. */
  readonly sink: {
    /** A file to which they are added; null: in the data folder. */
    readonly file: string | null;
    /** An address to which each is posted; null: nobody's. */
    readonly url: string | null;
  };
}

/** Heads say nothing of anybody, but whoever changes them on their way could hide what was cut off. */
const isSinkUrl = (text: unknown) =>
  isWebUrl(text) && (text.startsWith('https:') || isLoopback(new URL(text).hostname));
const isFile = (text: unknown) => typeof text === 'string' && isAbsolute(text) && !text.endsWith('/');

export class SinkEntry {
  @IsOptional()
  @must('isFile', 'the whole path of a file, such as /mnt/archive/sealed-heads.ndjson', isFile)
  file?: string;

  @IsOptional()
  @must('isSinkUrl', 'an https address such as https://archive.example.org/heads', isSinkUrl)
  url?: string;
}

export class AuditEntry {
  @IsOptional()
  @ValidateNested()
  @Type(() => SinkEntry)
  sink?: SinkEntry;
}

export const auditSettings = ({ sink = {} }: AuditEntry): AuditSettings => ({
  sink: { file: sink.file ?? null, url: sink.url ?? null },
});
