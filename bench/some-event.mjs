import { randomUUID } from 'node:crypto';

/** A refresh, as large as those of the service. */
export const someEvent = () => ({
  id: randomUUID(),
  type: 'SessionRefreshed',
  data: { userId: randomUUID(), secretHash: 'x'.repeat(43) },
  metadata: {
    schema: '1',
    occurredAt: new Date().toISOString(),
    commandId: randomUUID(),
    correlationId: randomUUID(),
    causationId: randomUUID(),
    actor: randomUUID(),
    actorKind: 'user',
    sessionId: randomUUID(),
  },
});
