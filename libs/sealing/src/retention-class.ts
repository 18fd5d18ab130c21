import { RETENTION } from '#domain/retention.js';
import { categoryOf } from '#domain/ids.js';

/** Of what is kept for good. */
const KEPT = 0;

// They stand in leaves that are signed: a number never changes its meaning, also when nothing ages by it any more.
const CLASSES: Readonly<Record<string, number>> = {
  attempts: 1,
  challenge: 2,
  iterator: 3,
  onetime: 4,
  refusals: 5,
  samlmessage: 6,
  samlrequest: 7,
};

const DAY_MS = 86_400_000;
const keptFor = new Map(RETENTION.map(({ category, days }) => [CLASSES[category], days * DAY_MS]));

/** The number by which a leaf says how long its event is kept. */
export const retentionClassOf = (stream: string): number => CLASSES[categoryOf(stream)] ?? KEPT;

/** Whether an event of this class may be gone, because it was recorded long enough ago. */
export function isAged({ retentionClass, recordedAt }: { retentionClass: number; recordedAt: number }, now: Date) {
  const ms = keptFor.get(retentionClass);
  return ms !== undefined && recordedAt < now.getTime() - ms;
}
