import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run on the sources of the libs; see "imports" in package.json. Node, unlike bundlers, has no condition `module`.
  ssr: { resolve: { conditions: ['source', ...defaultServerConditions.filter((name) => name !== 'module')] } },
  test: {
    include: ['{apps,libs}/**/*.spec.ts', 'test/**/*.spec.ts'],
    globalSetup: ['test/temporary-files.ts', 'test/build.ts', 'libs/database/src/testing/postgres-server.ts'],
    // Nothing of ours keeps state in a module, so files may share what they import.
    isolate: false,
    // By default one core is left idle, of two that is half of the machine.
    maxWorkers: '100%',
    // What is waited for is mostly there within milliseconds.
    expect: { poll: { interval: 10, timeout: 5_000 } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
