import { Command } from 'commander';
import { addQuestions } from './audit-question-commands.js';
import type { ExportOptions } from './audit-export.js';
import type { VerifyOptions } from './audit-verify.js';
import type { VerifyBundleOptions } from './audit-verify-bundle.js';
import { asPosition } from './position-argument.js';

const ABOUT_VERIFYING = `
The service makes a leaf of each event as it is stored, and signs the root of the tree of all leaves (RFC 9162) every 1,000
events or 10 seconds. This reads the log and compares: with the leaves, the leaves with the signed heads in the log, and
those with the heads that were handed out (sealed-heads.ndjson, or --heads). It says what was changed, removed, inserted,
moved or cut off first, and ends with 1. Whoever holds the data folder and the vault could sign another history: keep the
heads file and the key (\`authlog audit keys\`) elsewhere, and verify with those.

  authlog audit verify --heads /mnt/archive/sealed-heads.ndjson --key sealing.pem`;

/** \`authlog audit …\`: what happened, provably. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('What happened, provably.');
  addQuestions(audit);
  addVerify(audit);
  addBundles(audit);
  addKeys(audit);
  return audit;
}

function addVerify(audit: Command): void {
  audit
    .command('verify')
    .option('--from <position>', 'read the log only from here on', asPosition)
    .option('--to <position>', 'and up to here', asPosition)
    .option('--heads <file>', 'heads that were handed out; by default the file in the data folder')
    .option('--key <file>', 'a public key that must have sealed the log, as PEM')
    .option('--json', 'for scripts')
    .description('Look whether the log is the one that was sealed. Changes nothing.')
    .addHelpText('after', ABOUT_VERIFYING)
    .action(async (options: VerifyOptions) => (await import('./audit-verify.js')).verify(options));
}

function addBundles(audit: Command): void {
  audit
    .command('export')
    .option('--from <position>', 'from here on; by default from the first event', asPosition)
    .option('--to <position>', 'up to here; by default to the last that is sealed', asPosition)
    .option('--out <file>', 'where to; by default to standard output')
    .description('Write events, heads and proofs that anybody can verify. What is personal stays sealed.')
    .action(async (options: ExportOptions) => (await import('./audit-export.js')).exportBundle(options));
  audit
    .command('verify-bundle')
    .argument('<file>', 'that `authlog audit export` has written')
    .option(
      '--key <file>',
      'a public key that must have sealed the log, as PEM; without it the one in the file is believed',
    )
    .option('--json', 'for scripts')
    .description('Verify such a file. It takes nothing else: no settings, no data folder.')
    .action(async (file: string, options: VerifyBundleOptions) =>
      (await import('./audit-verify-bundle.js')).verifyBundleFile(file, options),
    );
}

function addKeys(audit: Command): void {
  audit
    .command('keys')
    .option('--json', 'for scripts')
    .description('The public keys that seal the log, as PEM, to be kept elsewhere.')
    .action(async ({ json }: { readonly json?: boolean }) => (await import('./audit-keys.js')).list(json === true));
  audit
    .command('rotate-key')
    .description('Have another key sign from the next head on. A head that the present key signs says so.')
    .action(async () => (await import('./audit-keys.js')).rotate());
}
