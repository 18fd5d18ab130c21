import { SEALING_HEADS, sealing } from '#domain/sealing/sealing.js';
import type { Metrics } from '../metrics.js';
import type { Stores } from '../stores.js';

/** How far the log is sealed, whichever process does it. @throws what says that the log is lost */
export async function measureSealing(metrics: Metrics, { repository, eventStore }: Stores): Promise<void> {
  const { state, position } = await repository.load(sealing, SEALING_HEADS);
  if (state.status === 'none' || state.last === null) return;
  metrics.sealedPosition.set(Number(state.last.position));
  const isAllSealed = (await eventStore.head()) === position;
  metrics.sealingLagSeconds.set(isAllSealed ? 0 : Math.max(0, (Date.now() - Date.parse(state.last.at)) / 1_000));
}
