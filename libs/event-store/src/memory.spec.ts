import { MemoryEventStore } from './memory.js';
import { eventStoreContract } from './testing/contract.js';

eventStoreContract('memory', async () => {
  const store = new MemoryEventStore();
  return { store, remove: () => store.close() };
});
