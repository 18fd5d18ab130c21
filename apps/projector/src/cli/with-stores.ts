import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '#host/clock.js';
import { createLog } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { readSettings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { CannotBeDone } from './cannot-be-done.js';

/** Works with the stores that the settings name, beside the processes that use them. @throws what explains why it cannot */
export async function withStores<Result>(work: (stores: Stores) => Promise<Result>): Promise<Result> {
  const settings = readSettings(process.env);
  // Whoever asks how it is does not want another one to begin.
  if (settings.eventStore === null && !existsSync(join(settings.data, 'events.db')))
    throw new CannotBeDone(`There is no authlog in ${settings.data}: set AUTHLOG_DATA to its folder.`);
  const stores = await Stores.open(settings, new SystemClock(), new Metrics(), createLog('error'));
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}
