import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { Stores } from '#host/stores.js';
import { Tracing } from '#host/tracing.js';
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
import { AuthenticateAssertionHandler } from './saml/authenticate-assertion.js';
import { BeginSamlLoginHandler } from './saml/begin-saml-login.js';
import { BeginSamlLogoutHandler } from './saml/begin-saml-logout.js';
import { EndProviderSessionsHandler } from './saml/end-provider-sessions.js';
import { SamlParties } from './saml/saml-parties.js';
import { BrowserBinding } from './surfaces/saml/browser-binding.js';
import { SamlLoginController } from './surfaces/saml/saml-login.controller.js';
import { SamlLogoutController } from './surfaces/saml/saml-logout.controller.js';
import { SamlMetadataController } from './surfaces/saml/saml-metadata.controller.js';
import { SamlPages } from './surfaces/saml/saml-pages.js';
import { LoginStarts } from './throttling/login-starts.js';
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
import { libraryProviders } from './library-providers.js';

const commandHandlers = [
  AdministerUserHandler,
  AnswerChallengeHandler,
  AuthenticateAssertionHandler,
  AuthenticatePasswordHandler,
  BeginSamlLoginHandler,
  BeginSamlLogoutHandler,
  ChangePasswordHandler,
  ChangeUserHandler,
  ClaimOneTimeTokenHandler,
  ClaimProvidersHandler,
  CloseUserIteratorHandler,
  ControlProjectionHandler,
  ConfirmEmailChangeHandler,
  CreateServiceHandler,
  CreateUsersHandler,
  EndProviderSessionsHandler,
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
    SamlLoginController,
    SamlLogoutController,
    SamlMetadataController,
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
    ...libraryProviders,
    ...commandHandlers,
    Accounts,
    AddressBudgets,
    AuditAccess,
    AuditCursors,
    Bootstrap,
    BrowserBinding,
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
    LoginStarts,
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
    SamlPages,
    SamlParties,
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
    private readonly saml: SamlParties,
  ) {}

  /** The requests under way have been answered by now. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([
      this.projector.stop(),
      this.mail.stop(),
      this.erasure.stop(),
      this.signingKeys.stop(),
      this.refusals.stop(),
      this.saml.stop(),
    ]);
    await this.opened.close();
    await this.tracing.stop();
  }
}
