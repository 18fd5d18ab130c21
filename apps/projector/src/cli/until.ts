import { setTimeout as delay } from 'node:timers/promises';
import { CannotBeDone } from './cannot-be-done.js';

/** So long a process may take until it has done what the log says; it hears of it at once. */
const WAIT_MS = 10_000;
const LOOK_MS = 100;

/** What is looked for, once it is there. @throws CannotBeDone with the message if it does not come */
export async function until<Found>(look: () => Promise<Found | undefined>, message: string): Promise<Found> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new CannotBeDone(message);
    await delay(LOOK_MS);
  }
}
