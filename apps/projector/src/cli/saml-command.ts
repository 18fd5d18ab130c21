import { Command } from 'commander';
import type { SamlCheckOptions } from './saml-check.js';

const ABOUT_CHECKING = `
It reads the settings, the keys and the certificates that they name, fetches the metadata of every identity provider as the service
does, and says what each of them means. Last come the addresses to register. It changes nothing, and needs no running service.
With --offline it takes the newest good metadata that the service has kept, and asks nobody.`;

/** `authlog saml …`: login through identity providers. */
export function samlCommand(): Command {
  const saml = new Command('saml').description('Login through identity providers (SAML 2.0).');
  saml
    .command('check')
    .option('--offline', 'take metadata as it was kept, and fetch nothing')
    .option('--json', 'for scripts')
    .description('Look whether logins can work, and say what to do where not. Changes nothing.')
    .addHelpText('after', ABOUT_CHECKING)
    .action(async (options: SamlCheckOptions) => (await import('./saml-check.js')).check(options));
  saml
    .command('metadata')
    .description('Print our metadata, to register it.')
    .action(async () => (await import('./saml-check.js')).printMetadata());
  return saml;
}
