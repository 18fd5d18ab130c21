import { availableParallelism } from 'node:os';
import { type FactoryProvider, type InjectionToken } from '@nestjs/common';
import { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import { AccountRegistration } from '#accounts/account-registration.js';
import { SubjectExport } from '#accounts/export/subject-export.js';
import { FederatedAccounts } from '#accounts/federated-accounts.js';
import { IdentifierReservations } from '#accounts/identifier-reservations.js';
import { AcceptedMessages } from '#accounts/saml/accepted-messages.js';
import { ProviderSessions } from '#accounts/saml/provider-sessions.js';
import { SamlRequests } from '#accounts/saml/saml-requests.js';
import { UserRegistration } from '#accounts/user-registration.js';
import { Audit } from '#audit/audit.js';
import { Subjects } from '#audit/subjects.js';
import { Repository } from '#event-store/repository.js';
import { Announcements, TerminalAnnouncements } from '#host/announcements.js';
import { Clock, SystemClock } from '#host/clock.js';
import { Log, createLog } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { Readiness } from '#host/readiness.js';
import { Settings, readSettings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { erasureIn, exportIn } from '#host/subject-rights.js';
import { Tracing, startTracing } from '#host/tracing.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { SessionQueries } from '#read-models/sessions/sessions.queries.js';
import { UserDirectory } from '#read-models/users/user-directory.queries.js';
import { UserQueries } from '#read-models/users/users.queries.js';
import { SealedLog } from '#sealing/sealed-log.js';
import { Budgets } from '#throttling/budgets.js';
import { AccessTokens } from '#tokens/access-token.js';
import { ClaimTokens } from '#tokens/claim-token.js';
import { CsrfTokens } from '#tokens/csrf-token.js';
import { DeviceTokens } from '#tokens/device-token.js';
import { MailTokens } from '#tokens/mail-token.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { Cursors } from '#vault/cursors.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { ProviderKeys } from './provider/provider-keys.js';
import { SigningKeys } from './signing-key/signing-keys.js';
import { watchedBudgets } from './throttling/watched-budgets.js';
import { Accounts } from './user/accounts.js';

/** Something that is made from the opened stores. */
const fromStores = <Made>(
  provide: InjectionToken<Made>,
  useFactory: (stores: Stores) => Made,
): FactoryProvider<Made> => ({
  provide,
  useFactory,
  inject: [Stores],
});

/** libuv's threads hash passwords and sign tokens; one is left for the latter. */
const LIBUV_THREADS = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
/** One more than there are processors, so that none waits for the next password. */
const HASHING_THREADS = Math.max(1, Math.min(availableParallelism() + 1, LIBUV_THREADS - 1));

/** What stands behind what: every port and service, with its adapter. */
export const libraryProviders = [
  { provide: Settings, useFactory: () => readSettings(process.env) },
  { provide: Clock, useClass: SystemClock },
  { provide: Log, useFactory: ({ log }: Settings) => createLog(log.level), inject: [Settings] },
  { provide: Announcements, useClass: TerminalAnnouncements },
  Metrics,
  {
    provide: Tracing,
    useFactory: (settings: Settings, log: Log) => startTracing(settings, 'authlog-api', log),
    inject: [Settings, Log],
  },
  {
    provide: Stores,
    useFactory: (settings: Settings, clock: Clock, metrics: Metrics, log: Log, tracing: Tracing) =>
      Stores.open(settings, clock, metrics, log, tracing),
    inject: [Settings, Clock, Metrics, Log, Tracing],
  },
  fromStores(Repository, ({ repository }) => repository),
  fromStores(Vault, ({ vault }) => vault),
  fromStores(ProviderKeys, ({ repository, vault }) => new ProviderKeys(repository, vault)),
  fromStores(Audit, ({ eventStore, vault, readModels }) => new Audit(eventStore, vault, readModels.reader)),
  fromStores(SealedLog, ({ eventStore, repository, leaves }) => new SealedLog(eventStore, repository, leaves)),
  fromStores(SessionQueries, ({ readModels }) => new SessionQueries(readModels.reader)),
  fromStores(UserDirectory, ({ readModels }) => new UserDirectory(readModels.reader)),
  fromStores(UserQueries, ({ readModels }) => new UserQueries(readModels.reader)),
  fromStores(ReadModelProgress, ({ readModels }) => new ReadModelProgress(readModels.reader)),
  fromStores(IdentifierDigest, ({ vault }) => new IdentifierDigest(vault.derivedKey('identifier-digest'))),
  fromStores(RefreshTokens, ({ vault }) => new RefreshTokens(vault.derivedKey('refresh-token'))),
  fromStores(MailTokens, ({ vault }) => new MailTokens(vault.derivedKey('mail-token'))),
  fromStores(ClaimTokens, ({ vault }) => new ClaimTokens(vault.derivedKey('claim-token'))),
  fromStores(CsrfTokens, ({ vault }) => new CsrfTokens(vault.derivedKey('csrf-token'))),
  fromStores(DeviceTokens, ({ vault }) => new DeviceTokens(vault.derivedKey('device-token'))),
  {
    provide: Readiness,
    useFactory: (stores: Stores, progress: ReadModelProgress, clock: Clock) =>
      Readiness.atStart(stores, progress, clock),
    inject: [Stores, ReadModelProgress, Clock],
  },
  { provide: Budgets, useFactory: watchedBudgets, inject: [Stores, Metrics, Log] },
  fromStores(Cursors, ({ vault }) => new Cursors(vault.derivedKey('list-cursor'))),
  {
    provide: SubjectErasure,
    useFactory: (stores: Stores, progress: ReadModelProgress) => erasureIn(stores, progress),
    inject: [Stores, ReadModelProgress],
  },
  {
    provide: SubjectExport,
    useFactory: (stores: Stores, progress: ReadModelProgress) => exportIn(stores, progress),
    inject: [Stores, ReadModelProgress],
  },
  {
    provide: IdentifierReservations,
    useFactory: (repository: Repository, digest: IdentifierDigest) => new IdentifierReservations(repository, digest),
    inject: [Repository, IdentifierDigest],
  },
  { provide: SamlRequests, useFactory: (repository: Repository) => new SamlRequests(repository), inject: [Repository] },
  {
    provide: AcceptedMessages,
    useFactory: (repository: Repository, digest: IdentifierDigest) => new AcceptedMessages(repository, digest),
    inject: [Repository, IdentifierDigest],
  },
  {
    provide: ProviderSessions,
    useFactory: (repository: Repository, digest: IdentifierDigest) => new ProviderSessions(repository, digest),
    inject: [Repository, IdentifierDigest],
  },
  {
    provide: Subjects,
    useFactory: ({ eventStore }: Stores, accounts: Accounts) => new Subjects(eventStore, (name) => accounts.idOf(name)),
    inject: [Stores, Accounts],
  },
  {
    provide: AccountRegistration,
    useFactory: (repository: Repository, reservations: IdentifierReservations) =>
      new AccountRegistration(repository, reservations),
    inject: [Repository, IdentifierReservations],
  },
  {
    provide: FederatedAccounts,
    useFactory: (repository: Repository, reservations: IdentifierReservations, digest: IdentifierDigest) =>
      new FederatedAccounts(repository, reservations, digest),
    inject: [Repository, IdentifierReservations, IdentifierDigest],
  },
  {
    provide: UserRegistration,
    useFactory: (registration: AccountRegistration, vault: Vault, hasher: PasswordHasher) =>
      new UserRegistration(registration, vault, hasher),
    inject: [AccountRegistration, Vault, PasswordHasher],
  },
  {
    provide: PasswordHasher,
    useFactory: (metrics: Metrics) => {
      const hasher = new PasswordHasher(HASHING_THREADS);
      metrics.watch('authlog_password_queue_length', 'Passwords waiting for or being checked.', () => hasher.length);
      return hasher;
    },
    inject: [Metrics],
  },
  {
    provide: AccessTokens,
    useFactory: (keys: SigningKeys, settings: Settings, providerKeys: ProviderKeys) =>
      new AccessTokens(keys, settings.publicUrl, providerKeys),
    inject: [SigningKeys, Settings, ProviderKeys],
  },
];
