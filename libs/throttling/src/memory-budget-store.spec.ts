import { MemoryBudgetStore } from './memory-budget-store.js';
import { budgetStoreContract } from './testing/budget-store-contract.js';

budgetStoreContract('memory', async () => {
  const store = new MemoryBudgetStore();
  return { store, remove: () => store.close() };
});
