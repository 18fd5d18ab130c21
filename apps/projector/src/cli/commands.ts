import { Command, Option } from 'commander';
import { ERASURE_GROUNDS } from '#domain/user/erasure-report.js';
import { asPosition } from './position-argument.js';
import type { ErasureOptions } from './privacy.js';
import { auditCommand } from './audit-command.js';
import type { RebuildOptions } from './rebuild.js';
import { samlCommand } from './saml-command.js';
import type { NewPerson } from './users.js';

interface Output {
  readonly json?: boolean;
}

const EXIT_CODES = `
Exit codes:
  0  it was done
  1  it could not be done; standard error says why
  2  it was asked for in a wrong way

Settings are those of the API and the projector: AUTHLOG_DATA, AUTHLOG_EVENT_STORE, AUTHLOG_DATABASE and so on.`;

const ABOUT_PARKED = `
An event that a projection fails to apply three times waits here with what has to come after it; the rest goes on.
First see why (list, show). Mend the program, and a new version tries again by itself when it starts; or try again
now (retry). Leave an event out (skip) only if its change can be missed: the others are applied as if it had not been.

  authlog projections parked list
  authlog projections parked show sessions 0192f0c4-…
  authlog projections parked retry sessions
  authlog projections parked skip sessions 0192f0c4-… --reason "written by a test"`;

const ABOUT_ERASURE = `
It cannot be taken back. What happened stays in the log, with "erased" where something personal was; the name and the address can
be taken by others. Back-ups from before still have it: see docs/audit.md. Asked again, it says the same. An administrator is
erased by another administrator, over the API.`;

const ABOUT_REBUILDS = `
It goes on in the process that keeps the read models, also when you look away (Ctrl-C) and after a restart. Queries read the
tables that were there until all at once they read the new ones. If the new ones differ, nothing is put in place: it says what
differs, and waits for --force or for \`authlog projections cancel\`. What was replaced is kept for \`authlog projections undo\`,
until the next rebuild replaces it. It takes about as much room as the tables that are read.`;

/** What there is; what it takes to do it is loaded by whoever does it. */
export function authlogCommand(): Command {
  const authlog = new Command('authlog')
    .description('What operators do with authlog. Every change is an event in the log.')
    .addHelpText('after', EXIT_CODES);
  authlog
    .command('doctor')
    .description('Look whether all is well: settings, stores, file modes, disk, clocks, projections. Changes nothing.')
    .option('--json', 'for scripts')
    .action(async ({ json }: Output) => (await import('./doctor.js')).doctor(json === true));
  return authlog
    .addCommand(projectionsCommand())
    .addCommand(keysCommand())
    .addCommand(usersCommand())
    .addCommand(auditCommand())
    .addCommand(samlCommand());
}

function keysCommand(): Command {
  const keys = new Command('keys').description('The keys that sign tokens. They rotate by themselves every 90 days.');
  keys
    .command('list')
    .description('Those that are published: which one signs, and which only verify.')
    .option('--json', 'for scripts')
    .action(async ({ json }: Output) => (await import('./keys.js')).list(json === true));
  keys
    .command('rotate')
    .description('Have another key made now. It signs in an hour, when verifiers know it; no token is refused.')
    .action(async () => (await import('./keys.js')).rotate());
  keys
    .command('revoke')
    .argument('<kid>', 'of a key that may have leaked')
    .description('Make void at once what a key has signed. Sessions stay; clients get new tokens by refreshing.')
    .action(async (kid: string) => (await import('./keys.js')).revoke(kid));
  return keys;
}

function usersCommand(): Command {
  const users = new Command('users').description('Accounts of people.');
  users
    .command('create')
    .argument('<username>', 'with which the person logs in')
    .addOption(new Option('--role <role>', 'what the person may do').choices(['USER', 'ADMIN']).default('USER'))
    .requiredOption('--email <address>', 'to which mails are sent')
    .option('--first-names <names>', 'as others see them')
    .option('--last-name <name>', 'as others see it')
    .option('--json', 'for scripts')
    .description('Make an account, with a password that is shown once and has to be changed at the first login.')
    .action(async (username: string, person: NewPerson) => (await import('./users.js')).create(username, person));
  addPrivacy(users);
  return users;
}

interface Reasoned {
  readonly reason: string;
}

function addPrivacy(users: Command): void {
  users
    .command('erase')
    .argument('<user>', 'name or id')
    .addOption(
      new Option('--ground <ground>', 'why it has to be done (GDPR Art. 17(1))')
        .choices(ERASURE_GROUNDS)
        .makeOptionMandatory(),
    )
    .option('--ticket <ticket>', 'where the request is on file; no name of a person')
    .option('--json', 'for scripts')
    .description('Forget a person for good: the account ends, and everything personal in it is destroyed.')
    .addHelpText('after', ABOUT_ERASURE)
    .action(async (whom: string, options: ErasureOptions) => (await import('./privacy.js')).erase(whom, options));
  users
    .command('erase-again')
    .description(
      'After the vault was restored from a back-up: destroy what the log says was erased, as often as it takes.',
    )
    .action(async () => (await import('./privacy.js')).eraseAgain());
  users
    .command('export')
    .argument('<user>', 'name or id')
    .description('Write all that is held about a person, as JSON. That it was done is kept in the log.')
    .action(async (whom: string) => (await import('./privacy.js')).exportAll(whom));
  users
    .command('hold')
    .argument('<user>', 'name or id')
    .requiredOption('--reason <text>', 'why; kept in the log, sealed')
    .description('Keep a person from being erased, as while a case is open.')
    .action(async (whom: string, { reason }: Reasoned) =>
      (await import('./privacy.js')).hold(whom, 'PlaceLegalHold', reason),
    );
  users
    .command('release')
    .argument('<user>', 'name or id')
    .requiredOption('--reason <text>', 'why; kept in the log, sealed')
    .description('Let a person be erased again.')
    .action(async (whom: string, { reason }: Reasoned) =>
      (await import('./privacy.js')).hold(whom, 'LiftLegalHold', reason),
    );
}

function projectionsCommand(): Command {
  const projections = new Command('projections').description('See how the read models get on, and stop or mend them.');
  projections
    .command('status')
    .description('Where each projection is, and what keeps it from the end of the log.')
    .option('--json', 'for scripts')
    .action(async ({ json }: Output) => (await import('./projections.js')).status(json === true));
  projections
    .command('pause')
    .argument('<name>', 'of the projection')
    .description('Let a projection stand still, in every process and through restarts. Lists show what was there.')
    .action(async (name: string) => (await import('./projections.js')).pause(name));
  projections
    .command('resume')
    .argument('<name>', 'of the projection')
    .description('Let it go on from where it stands.')
    .action(async (name: string) => (await import('./projections.js')).resume(name));
  addRebuilds(projections);
  return projections.addCommand(parkedCommand());
}

function addRebuilds(projections: Command): void {
  projections
    .command('rebuild')
    .argument('<name>', 'of the projection')
    .option('--to <position>', 'stop at a position of the log, beside the tables that are read', asPosition)
    .option('--force', 'put the new tables in their place also if they differ')
    .option('--detach', 'do not wait until it is done')
    .description('Fill the tables anew from the log while the service goes on, compare, and put them in their place.')
    .addHelpText('after', ABOUT_REBUILDS)
    .action(async (name: string, options: RebuildOptions) => (await import('./rebuild.js')).rebuild(name, options));
  projections
    .command('follow')
    .argument('<name>', 'of the projection')
    .description('See how its rebuild gets on, until it is over.')
    .action(async (name: string) => (await import('./rebuild.js')).follow(name));
  projections
    .command('differences')
    .argument('<name>', 'of the projection')
    .description('What its rebuild has found when it compared the tables, as JSON: rows, checksums, and what differs.')
    .action(async (name: string) => (await import('./rebuild.js')).differences(name));
  projections
    .command('cancel')
    .argument('<name>', 'of the projection')
    .description('End its rebuild, and remove what it has filled.')
    .action(async (name: string) => (await import('./rebuild.js')).cancel(name));
  projections
    .command('undo')
    .argument('<name>', 'of the projection')
    .description('Read the tables again that its last rebuild has replaced, once they have caught up.')
    .action(async (name: string) => (await import('./rebuild.js')).undo(name));
}

function parkedCommand(): Command {
  const parked = new Command('parked')
    .description('Events that a projection could not apply.')
    .addHelpText('after', ABOUT_PARKED);
  parked
    .command('list')
    .description('What is parked, in the order of the log.')
    .option('--json', 'for scripts')
    .action(async ({ json }: Output) => (await import('./parked.js')).list(json === true));
  parked
    .command('show')
    .argument('<name>', 'of the projection')
    .argument('<event>', 'the id of the event')
    .description('One of them, and what is in the event; what is personal stays sealed.')
    .action(async (name: string, eventId: string) => (await import('./parked.js')).show(name, eventId));
  parked
    .command('retry')
    .argument('<name>', 'of the projection')
    .argument('[event]', 'the id of an event: what it is in line with is tried; all that is parked without it')
    .description('Try again, in order, up to the first event of each line that fails again.')
    .action(async (name: string, eventId?: string) => (await import('./parked.js')).retry(name, eventId));
  parked
    .command('skip')
    .argument('<name>', 'of the projection')
    .argument('<event>', 'the id of an event that failed')
    .requiredOption('--reason <text>', 'why its change can be missed; kept in the log')
    .description('Leave an event out for good, also whenever the projection begins anew, and apply what waited for it.')
    .action(async (name: string, eventId: string, { reason }: { readonly reason: string }) =>
      (await import('./parked.js')).skip(name, eventId, reason),
    );
  return parked;
}
