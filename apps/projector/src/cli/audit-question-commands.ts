import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Subject } from '#audit/histories.js';
import type { Asking } from './audit-desk.js';
import type { EventsOptions, StateOptions } from './audit-questions.js';
import type { SessionsOptions } from './audit-sessions.js';

const MOST = 10_000;
const DEFAULT_LIMIT = '50';

const KINDS: Readonly<Record<string, Subject['kind']>> = {
  user: 'account',
  session: 'session',
  'one-time-token': 'one-time-token',
};

/** What is asked of the log and its trail. Each question is recorded, as those over HTTP are. */
export function addQuestions(audit: Command): void {
  ask(audit, 'events', 'What happened, the newest first.')
    .option('--user <id or name>', 'whose history')
    .option('--actor <id or name>', 'who did it')
    .option('--session <id>', 'which session it is about, or was done in')
    .option('--address <address or network>', 'from where, such as 192.0.2.0/24')
    .option('--type <type>', 'of event, such as SessionOpened')
    .addOption(new Option('--outcome <outcome>', 'what came of it').choices(['done', 'refused']))
    .option('--correlation <id>', 'of the request that it belongs to')
    .option('--from <time or position>', 'the first that is wanted')
    .option('--to <time or position>', 'the last that is wanted')
    .option('--oldest', 'the oldest first')
    .option('--all', 'all of it, the oldest first, one JSON value in each line')
    .option('--limit <count>', 'so many at most', asLimit, asLimit(DEFAULT_LIMIT))
    .action(async (options: EventsOptions) => (await import('./audit-questions.js')).events(options));
  ask(audit, 'timeline', 'All that happened to a user: by whom, from where, why, and what it changed; the last of it.')
    .argument('<user>', 'id or name of an account')
    .option('--limit <count>', 'so many at most', asLimit, asLimit(DEFAULT_LIMIT))
    .action(async (user: string, options: Asking & { readonly limit: number }) =>
      (await import('./audit-questions.js')).timeline(user, options),
    );
  ask(audit, 'state', 'What an account, a session or a one-time token was, by the rules that decide on it; as JSON.')
    .argument('<kind>', 'user, session or one-time-token', asKind)
    .argument('<id>', 'of it, or the name of a user')
    .option('--at <time or position>', 'when it is looked at; now when left out')
    .option('--revision <number>', 'after the event of its stream with this number', asRevision)
    .action(async (kind: Subject['kind'], id: string, options: StateOptions) =>
      (await import('./audit-questions.js')).state(kind, id, options),
    );
  ask(audit, 'diff', 'What changed between two points, field by field, and by what; as JSON.')
    .argument('<kind>', 'user, session or one-time-token', asKind)
    .argument('<id>', 'of it, or the name of a user')
    .requiredOption('--from <time or position>', 'the earlier point')
    .option('--to <time or position>', 'the later point; now when left out')
    .action(
      async (kind: Subject['kind'], id: string, options: Asking & { readonly from: string; readonly to?: string }) =>
        (await import('./audit-questions.js')).diff(kind, id, options),
    );
  sessionFilter(ask(audit, 'sessions', 'Sessions, whatever became of them: who was in when, and from where.'))
    .option('--alive-at <time>', 'only those that were alive then')
    .option('--limit <count>', 'so many at most', asLimit, asLimit(DEFAULT_LIMIT))
    .action(async (options: SessionsOptions) => (await import('./audit-sessions.js')).sessions(options));
  sessionFilter(audit.command('end-sessions'))
    .description('End all sessions that `authlog audit sessions` finds with the same options, and that are alive.')
    .requiredOption('--reason <text>', 'why; kept in the log')
    .option('--yes', 'do it: without this it only says how many there are')
    .action(async (options: SessionsOptions & { readonly reason: string; readonly yes?: boolean }) =>
      (await import('./audit-sessions.js')).endFound(options),
    );
  ask(audit, 'view', 'A whole read model as it was, one row in each line of JSON; the copy is kept for an hour.')
    .argument('<projection>', 'such as users or sessions')
    .option('--at <time or position>', 'when it is looked at; now when left out')
    .action(async (name: string, options: Asking & { readonly at?: string }) =>
      (await import('./audit-questions.js')).view(name, options),
    );
}

const sessionFilter = (command: Command): Command =>
  command
    .option('--user <id or name>', 'whose')
    .option('--address <address or network>', 'opened from where')
    .option('--provider <name>', 'what let them in: the entity id of an identity provider, or a login service')
    .option('--service <name>', 'the login service, whoever vouched for them')
    .option('--opened-from <time>', 'opened at this time or later')
    .option('--opened-to <time>', 'and no later than this');

const ask = (audit: Command, name: string, description: string): Command =>
  audit
    .command(name)
    .description(description)
    .option('--personal', 'show names, addresses and the like, too')
    .option('--reason <text>', 'why, for the record')
    .option('--json', 'for scripts');

/** @throws InvalidArgumentError */
function asKind(text: string): Subject['kind'] {
  const kind = Object.hasOwn(KINDS, text) ? KINDS[text] : undefined;
  if (kind === undefined) throw new InvalidArgumentError('It is one of user, session and one-time-token.');
  return kind;
}

const asLimit = (text: string) => wholeNumber(text, 1, MOST);
const asRevision = (text: string) => wholeNumber(text, 0, Number.MAX_SAFE_INTEGER);

/** @throws InvalidArgumentError */
function wholeNumber(text: string, least: number, most: number): number {
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`);
  return number;
}
