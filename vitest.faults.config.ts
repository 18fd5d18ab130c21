import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** The fault suite: minutes of load under faults, no part of `npm test`. Its files are on a disk. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/faults/**/*.faults.ts'],
    globalSetup: ['test/build.ts', 'libs/database/src/testing/postgres-server.ts'],
  },
});
