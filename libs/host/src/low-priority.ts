import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/** Of what nobody waits for. */
export const LOW_PRIORITY = 15;

/** Lets this thread make way for the others. On Linux a thread has a number of its own; elsewhere it stays as it is. */
export function makeWay(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), LOW_PRIORITY);
  } catch {
    // It is only quicker than it has to be.
  }
}
