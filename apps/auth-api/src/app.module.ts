import { availableParallelism } from 'node:os';
import { type FactoryProvider, Inject, type InjectionToken, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
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
import { AccessGuard } from './access/access.guard.js';
import { CallerAuthentication } from './access/caller-authentication.js';
import { DeclaredAccessCheck } from './access/declared-access.js';
import { LiveSessions } from './access/live-sessions.js';
import { StepUp } from './access/step-up.js';
import { AuditAccess } from './audit/audit-access.js';
import { AuditCursors } from './audit/audit-cursors.js';
import { AuditHistoryController } from './audit/audit-history.controller.js';
import { AuditSessionsController } from './audit/audit-sessions.controller.js';
import { AuditTrailController } from './audit/audit-trail.controller.js';
import { EndSelectedSessionsHandler } from './audit/end-selected-sessions.js';
import { SealedLogController } from './audit/sealed-log.controller.js';
import { OwnTrailController } from './audit/own-trail.controller.js';
import { SessionSelections } from './audit/session-selections.js';
import { ConfirmEmailChangeHandler } from './email-change/confirm-email-change.js';
import { EmailChanges } from './email-change/email-changes.js';
import { UndoEmailChangeHandler } from './email-change/undo-email-change.js';
import { Credentials } from './credential/credentials.js';
import { EmbeddedErasure } from './erasure/embedded-erasure.js';
import { EraseUserHandler } from './erasure/erase-user.js';
import { HoldUserHandler } from './erasure/hold-user.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { Bootstrap } from './installation/bootstrap.js';
import { EmbeddedMail } from './mail/embedded-mail.js';
import { ClaimOneTimeTokenHandler } from './one-time-token/claim-one-time-token.js';
import { RequestOneTimeTokenHandler } from './one-time-token/request-one-time-token.js';
import { MailPagesController } from './pages/mail-pages.controller.js';
import { RedeemPasswordResetHandler } from './password-reset/redeem-password-reset.js';
import { RequestPasswordResetHandler } from './password-reset/request-password-reset.js';
import { ControlProjectionHandler } from './projections/control-projection.js';
import { EmbeddedProjector } from './projections/embedded-projector.js';
import { ClaimProvidersHandler } from './provider/claim-providers.js';
import { ProjectionsController } from './projections/projections.controller.js';
import { ProviderKeys } from './provider/provider-keys.js';
import { Providers } from './provider/providers.js';
import { RefreshProvidersHandler } from './provider/refresh-providers.js';
import { RegisterProvidersHandler } from './provider/register-providers.js';
import { RenewProvidersHandler } from './provider/renew-providers.js';
import { RequestContexts } from './request-context.js';
import { RouteMethods } from './route-methods.js';
import { AnswerChallengeHandler } from './second-factor/answer-challenge.js';
import {
  OfferSecondFactorHandler,
  RemoveSecondFactorHandler,
  ReplaceRecoveryCodesHandler,
  ResetSecondFactorHandler,
} from './second-factor/manage-second-factor.js';
import { SecondFactors } from './second-factor/second-factors.js';
import { CreateServiceHandler } from './service/create-service.js';
import { RevokeCredentialsHandler } from './service/revoke-credentials.js';
import { RotateCredentialHandler } from './service/rotate-credential.js';
import { Services } from './service/services.js';
import { EndSessionHandler } from './session/end-session.js';
import { EndUserSessionsHandler } from './session/end-user-sessions.js';
import { ExtendSessionHandler } from './session/extend-session.js';
import { InvalidateRefreshTokensHandler } from './session/invalidate-refresh-tokens.js';
import { InvalidateSessionsHandler } from './session/invalidate-sessions.js';
import { LogInHandler } from './session/log-in.js';
import { LogOutHandler } from './session/log-out.js';
import { RefusalLog } from './refusal/refusal-log.js';
import { RefreshSessionHandler } from './session/refresh-session.js';
import { SessionTokenIssuer } from './session/session-tokens.js';
import { SigningKeys } from './signing-key/signing-keys.js';
import { AgreementController } from './surfaces/ucloud/agreement.controller.js';
import { bodyCheck } from './surfaces/ucloud/body-checks.js';
import { Consistency } from './surfaces/ucloud/consistency.js';
import { LoginCookies } from './surfaces/ucloud/cookies.js';
import { UcloudErrorFilter } from './surfaces/ucloud/error.filter.js';
import { EmailController } from './surfaces/ucloud/email.controller.js';
import { ErasureController } from './surfaces/ucloud/erasure.controller.js';
import { BrowserSession } from './surfaces/ucloud/browser-session.js';
import { KeySetController } from './surfaces/ucloud/key-set.controller.js';
import { LoginAnswers } from './surfaces/ucloud/login-answers.js';
import { LoginController } from './surfaces/ucloud/login.controller.js';
import { PasswordResetController } from './surfaces/ucloud/password-reset.controller.js';
import { PasswordsController } from './surfaces/ucloud/passwords.controller.js';
import { ProvidersController } from './surfaces/ucloud/providers.controller.js';
import { SecondFactorController } from './surfaces/ucloud/second-factor.controller.js';
import { ServicesController } from './surfaces/ucloud/services.controller.js';
import { SubjectExportController } from './surfaces/ucloud/subject-export.controller.js';
import { SessionsController } from './surfaces/ucloud/sessions.controller.js';
import { TokensController } from './surfaces/ucloud/tokens.controller.js';
import { UserAdministrationController } from './surfaces/ucloud/user-administration.controller.js';
import { UserDirectoryController } from './surfaces/ucloud/user-directory.controller.js';
import { UserImportController } from './surfaces/ucloud/user-import.controller.js';
import { UserIteratorController } from './surfaces/ucloud/user-iterator.controller.js';
import { UserLookupsController } from './surfaces/ucloud/user-lookups.controller.js';
import { UserSessionsController } from './surfaces/ucloud/user-sessions.controller.js';
import { UsersController } from './surfaces/ucloud/users.controller.js';
import { WebTokensController } from './surfaces/ucloud/web-tokens.controller.js';
import { AddressBudgets } from './throttling/address-budgets.js';
import { GuessBudgets } from './throttling/guess-budgets.js';
import { KnownDevices } from './throttling/known-devices.js';
import { OutwardBudgets } from './throttling/outward-budgets.js';
import { watchedBudgets } from './throttling/watched-budgets.js';
import { Accounts } from './user/accounts.js';
import { AdministerUserHandler } from './user/administer-user.js';
import { AuthenticatePasswordHandler } from './user/authenticate-password.js';
import { ChangePasswordHandler, ResetPasswordHandler } from './user/change-password.js';
import { ChangeUserHandler } from './user/change-user.js';
import { CreateUsersHandler } from './user/create-users.js';
import { ImportUsersHandler } from './user/import-users.js';
import { CloseUserIteratorHandler, FetchUsersHandler, OpenUserIteratorHandler } from './user/iterate-users.js';
import { PasswordUpgrade } from './user/password-upgrade.js';
import { BreachedPasswords } from './user/breached-passwords.js';
import { Passwords } from './user/passwords.js';

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
const stores = [
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

const commandHandlers = [
  AdministerUserHandler,
  AnswerChallengeHandler,
  AuthenticatePasswordHandler,
  ChangePasswordHandler,
  ChangeUserHandler,
  ClaimOneTimeTokenHandler,
  ClaimProvidersHandler,
  CloseUserIteratorHandler,
  ControlProjectionHandler,
  ConfirmEmailChangeHandler,
  CreateServiceHandler,
  CreateUsersHandler,
  EndSelectedSessionsHandler,
  EndSessionHandler,
  EndUserSessionsHandler,
  EraseUserHandler,
  ExtendSessionHandler,
  FetchUsersHandler,
  HoldUserHandler,
  ImportUsersHandler,
  InvalidateRefreshTokensHandler,
  InvalidateSessionsHandler,
  LogInHandler,
  LogOutHandler,
  OfferSecondFactorHandler,
  OpenUserIteratorHandler,
  RedeemPasswordResetHandler,
  RefreshProvidersHandler,
  RefreshSessionHandler,
  RegisterProvidersHandler,
  RemoveSecondFactorHandler,
  RenewProvidersHandler,
  ReplaceRecoveryCodesHandler,
  RequestOneTimeTokenHandler,
  RequestPasswordResetHandler,
  ResetPasswordHandler,
  ResetSecondFactorHandler,
  UndoEmailChangeHandler,
  RevokeCredentialsHandler,
  RotateCredentialHandler,
];

@Module({
  imports: [CqrsModule.forRoot(), DiscoveryModule],
  controllers: [
    LoginController,
    TokensController,
    WebTokensController,
    SessionsController,
    UsersController,
    ProjectionsController,
    UserAdministrationController,
    ServicesController,
    ProvidersController,
    UserDirectoryController,
    AgreementController,
    AuditTrailController,
    OwnTrailController,
    SealedLogController,
    AuditHistoryController,
    AuditSessionsController,
    UserLookupsController,
    UserSessionsController,
    UserImportController,
    UserIteratorController,
    PasswordsController,
    PasswordResetController,
    EmailController,
    ErasureController,
    SubjectExportController,
    SecondFactorController,
    KeySetController,
    MailPagesController,
    HealthController,
    MetricsController,
  ],
  providers: [
    ...stores,
    ...commandHandlers,
    Accounts,
    AddressBudgets,
    AuditAccess,
    AuditCursors,
    Bootstrap,
    BrowserSession,
    CallerAuthentication,
    Consistency,
    Credentials,
    DeclaredAccessCheck,
    EmailChanges,
    EmbeddedErasure,
    EmbeddedMail,
    EmbeddedProjector,
    GuessBudgets,
    KnownDevices,
    LiveSessions,
    LoginAnswers,
    LoginCookies,
    OutwardBudgets,
    PasswordUpgrade,
    Passwords,
    BreachedPasswords,
    Providers,
    RefusalLog,
    RequestContexts,
    RouteMethods,
    SecondFactors,
    Services,
    SessionSelections,
    SessionTokenIssuer,
    SigningKeys,
    StepUp,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useClass: UcloudErrorFilter },
    { provide: APP_PIPE, useFactory: bodyCheck },
  ],
})
export class AppModule implements OnApplicationShutdown {
  constructor(
    private readonly projector: EmbeddedProjector,
    private readonly mail: EmbeddedMail,
    private readonly erasure: EmbeddedErasure,
    private readonly signingKeys: SigningKeys,
    @Inject(Stores) private readonly opened: Stores,
    private readonly tracing: Tracing,
    private readonly refusals: RefusalLog,
  ) {}

  /** The requests under way have been answered by now. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([
      this.projector.stop(),
      this.mail.stop(),
      this.erasure.stop(),
      this.signingKeys.stop(),
      this.refusals.stop(),
    ]);
    await this.opened.close();
    await this.tracing.stop();
  }
}
