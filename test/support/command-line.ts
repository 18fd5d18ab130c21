import pLimit from 'p-limit';
import { vi } from 'vitest';
import { runCommandLine } from '../../apps/projector/src/cli/run.js';

/** What a command came to. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// What is written, and where the data is, is that of the process.
const inTurn = pLimit(1);

/** Runs a command as `bin/authlog.mjs` does, in this process: one starts in half a second, and there are many. */
export const commandLine = (
  data: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> => inTurn(() => runCaptured(words, { ...environment, AUTHLOG_DATA: data }));

async function runCaptured(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const capture = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  const captured = [capture('stdout'), capture('stderr')];
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    return { code: await runCommandLine(words), ...written };
  } finally {
    vi.unstubAllEnvs();
    for (const each of captured) each.mockRestore();
  }
}
