import { execFileSync } from 'node:child_process';

/** Builds before the tests: worker threads and started processes run from `dist`, everything else from the sources. */
export default function build(): void {
  const compiler = 'node_modules/typescript7/bin/tsc';
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
}
