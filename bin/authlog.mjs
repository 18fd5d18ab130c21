#!/usr/bin/env node
// `npx authlog …`, from the repository and from where it is installed.
import { existsSync } from 'node:fs';

const program = new URL('../dist/apps/projector/src/cli/main.js', import.meta.url);
if (!existsSync(program)) {
  process.stderr.write('authlog is not built yet: run `npm run build`.\n');
  process.exit(1);
}
await import(program.href);
