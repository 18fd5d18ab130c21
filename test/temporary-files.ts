import { statfsSync } from 'node:fs';

const IN_MEMORY = '/dev/shm';
/** `f_type` of a tmpfs in statfs(2). */
const TMPFS = 0x0102_1994;
const ENOUGH_BYTES = 2 ** 30;

/**
 * Has tests keep their files in memory, where that can be had and nobody says otherwise: they make thousands of databases, each
 * of which waits for the disk with every commit, and none of which has to outlive the machine.
 */
export function setup(): void {
  if (process.env['TMPDIR'] === undefined && hasRoom(IN_MEMORY)) process.env['TMPDIR'] = IN_MEMORY;
}

function hasRoom(folder: string): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(folder);
    return type === TMPFS && bavail * bsize >= ENOUGH_BYTES;
  } catch {
    // Not every system has it, and containers mostly have little of it.
    return false;
  }
}
