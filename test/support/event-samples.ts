import type { AuthlogEvent } from '#domain/events.js';
import { asCredentialId, asKeyId, asSessionId, asUserId } from '#domain/ids.js';
import { UNKNOWN_SOURCE } from '#domain/refusal/request-source.js';

const ada = asUserId('01890000-0000-7000-8000-00000000000a');
const bot = asUserId('01890000-0000-7000-8000-00000000000b');
const first = asSessionId('00000000-0000-4000-8000-000000000001');
const changeId = '00000000-0000-4000-8000-0000000000d3';
const credential = asCredentialId('00000000-0000-4000-8000-0000000000c1');
const formerCredential = asCredentialId('00000000-0000-4000-8000-0000000000c0');

const opened = {
  userId: ada,
  epoch: 2,
  origin: { kind: 'login', service: 'web' },
  secretHash: 'h'.repeat(43),
  rotates: true,
  scopes: ['all:write'],
  amr: ['pwd'],
  authenticatedAt: '2030-01-01T00:00:00.000Z',
  expiresAt: '2030-01-31T00:00:00.000Z',
  idleMs: 1_209_600_000,
  accessTokenMs: 600_000,
  ipAddress: '192.0.2.7',
  userAgent: 'Mozilla/5.0',
} as const;

const federation = {
  identityProvider: 'https://wayf.example',
  institution: 'sdu.example',
  authnContext: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
  assurance: ['2'],
} as const;

const nameId = {
  value: 'WAYF-DK-0123456789',
  format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  nameQualifier: null,
  spNameQualifier: 'https://authlog.example',
  sessionIndex: '_session1',
} as const;

const source = { addressDigest: 'a'.repeat(43), networkDigest: 'n'.repeat(43), ipAddress: '192.0.2.7' };

const refused = {
  kind: 'throttled',
  code: 'login-throttled',
  call: 'POST /auth/login',
  count: 1,
  firstAt: '2030-01-01T00:00:00.000Z',
  lastAt: '2030-01-01T00:00:00.000Z',
  userId: null,
  isAuthenticated: false,
  identifierDigest: 'i'.repeat(43),
  ...source,
} as const;

const providerKey = {
  kid: asKeyId(`${bot}_k1`),
  alg: 'RS256',
  publicKey: 'MIIBojANBgkqhkiG9w0BAQEFAAOCAY8A',
  credentialId: credential,
} as const;

const head = {
  number: 1,
  log: 'k'.repeat(43),
  size: 1_000,
  rootHash: 'r'.repeat(43),
  position: '12345678901234567890',
  at: '2030-01-01T00:00:00.000Z',
  previousHead: null,
  keyId: 'k'.repeat(43),
  nextKey: null,
} as const;

type Samples = {
  readonly [Type in AuthlogEvent['type']]: readonly Extract<AuthlogEvent, { type: Type }>['data'][];
};

/** At least one event of every type, and every variant of its shape; leaving a type out does not compile. */
export const eventSamples: Samples = {
  AdministrationWithdrawn: [{ userId: ada, sessionEpoch: 2 }],
  AgreementAccepted: [{ userId: ada, version: 2 }],
  AuditExportEnded: [{ reader: ada, events: 7, isWhole: true }],
  AuditRead: [
    {
      reader: ada,
      question: 'events',
      userId: bot,
      criteria: { user: bot, address: '192.0.2.0/24' },
      isPersonal: true,
      reason: 'ticket 7',
      events: 3,
    },
    { reader: ada, question: 'export', userId: null, criteria: {}, isPersonal: false, reason: null, events: null },
  ],
  AuditorAppointed: [
    { userId: ada, seesPersonalData: false },
    { userId: ada, seesPersonalData: true, reason: 'the annual audit' },
  ],
  AuditorDismissed: [{ userId: ada, reason: 'it is over' }],
  EventsAged: [{ recordedBefore: { attempts: '2029-10-04T00:00:00.000Z', onetime: '2029-12-03T00:00:00.000Z' } }],
  ChallengeExhausted: [{ userId: ada }],
  ChallengeFailed: [{}],
  ChallengeIssued: [
    { userId: ada, purpose: { kind: 'login', service: 'web', epoch: 2 }, expiresAt: '2030-01-01T00:10:00.000Z' },
    { userId: ada, purpose: { kind: 'enrolment', credentialId: credential }, expiresAt: '2030-01-01T00:10:00.000Z' },
    {
      userId: ada,
      purpose: { kind: 'login', service: 'web', epoch: 2, passwordTooShort: true },
      expiresAt: '2030-01-01T00:10:00.000Z',
    },
    {
      userId: ada,
      purpose: {
        kind: 'login',
        service: 'web',
        epoch: 2,
        federated: {
          federation,
          amr: ['saml'],
          authenticatedAt: '2029-12-31T23:00:00.000Z',
          sessionEndsAt: '2030-01-01T04:00:00.000Z',
          begunAt: '2029-12-31T23:59:00.000Z',
        },
      },
      expiresAt: '2030-01-01T00:10:00.000Z',
      nameId,
    },
  ],
  ChallengeMet: [{}],
  CredentialIssued: [
    { userId: bot, sessionId: first, expiresAt: '2030-04-01T00:00:00.000Z', othersEndAt: null },
    { userId: bot, sessionId: first, expiresAt: '2030-04-01T00:00:00.000Z', othersEndAt: '2030-01-02T00:00:00.000Z' },
  ],
  EmailChangeAbandoned: [{ userId: ada, changeId }],
  EmailChangeRequested: [
    {
      userId: ada,
      changeId,
      email: 'countess@example.org',
      heldBy: null,
      tokenHash: 't'.repeat(43),
      expiresAt: '2030-01-02T00:00:00.000Z',
    },
    {
      userId: ada,
      changeId,
      email: 'countess@example.org',
      heldBy: bot,
      tokenHash: 't'.repeat(43),
      expiresAt: '2030-01-02T00:00:00.000Z',
    },
  ],
  EmailChangeUndone: [{ userId: ada, changeId, email: 'ada@example.org' }],
  EmailChanged: [
    {
      userId: ada,
      changeId,
      email: 'countess@example.org',
      previousEmail: 'ada@example.org',
      undoTokenHash: 'u'.repeat(43),
      undoUntil: '2030-01-04T00:00:00.000Z',
    },
    {
      userId: ada,
      changeId,
      email: 'countess@example.org',
      previousEmail: null,
      undoTokenHash: 'u'.repeat(43),
      undoUntil: '2030-01-04T00:00:00.000Z',
    },
  ],
  ErasureInventoryTaken: [{ userId: ada, identifiers: 2, credentials: 3, mails: 1 }],
  FailedLoginsCleared: [{}, { cause: 'password-reset' }, { userId: ada, failures: 7 }],
  LogSealed: [
    { head, signature: 's'.repeat(86), headHash: 'h'.repeat(43), nextKey: null },
    {
      head: { ...head, number: 2, previousHead: 'h'.repeat(43), nextKey: 'q'.repeat(43) },
      signature: 's'.repeat(86),
      headHash: 'i'.repeat(43),
      nextKey: { keyId: 'l'.repeat(43), credentialId: credential },
    },
  ],
  IdentifierConfirmed: [{ holder: ada }],
  IdentifierReleased: [{ holder: ada }],
  IdentifierReserved: [{ holder: ada, commandId: '00000000-0000-4000-8000-0000000000d1' }],
  InstallationFounded: [{ vaultId: 'v'.repeat(43) }],
  InstallationBootstrapped: [
    { administratorId: ada, bootstrapServiceId: bot },
    { administratorId: ada, bootstrapServiceId: null },
  ],
  LegalHoldLifted: [{ userId: ada }, { userId: ada, reason: 'the case was closed' }],
  LegalHoldPlaced: [{ userId: ada }, { userId: ada, reason: 'a case is open' }],
  LoginFailed: [
    { reason: 'unknown-account', userId: null, failedAt: null, ...UNKNOWN_SOURCE },
    { reason: 'wrong-password', userId: null, failedAt: null, ...UNKNOWN_SOURCE },
    { reason: 'unknown-account', userId: null, failedAt: '2030-01-01T00:00:00.000Z', ...source },
    { reason: 'wrong-password', userId: ada, failedAt: '2030-01-01T00:00:00.000Z', ...source },
  ],
  MailAbandoned: [{ reason: 'interrupted' }, { reason: 'late' }, { reason: 'refused' }],
  MailDispatchFailed: [{ cause: 'ECONNREFUSED', retryAt: '2030-01-01T00:00:30.000Z' }],
  MailDispatchStarted: [{ kind: 'password-reset', userId: ada, leaseUntil: '2030-01-01T00:01:00.000Z' }],
  MailDispatched: [{}],
  OneTimeTokenClaimed: [{ claimedBy: bot }],
  OneTimeTokenIssued: [
    { userId: ada, sessionId: first, audience: ['files.upload:write'], expiresAt: '2030-01-01T00:01:00.000Z' },
  ],
  PasswordChanged: [
    { userId: ada, credentialId: credential, cause: 'change' },
    { userId: ada, credentialId: credential, cause: 'reset' },
    { userId: ada, credentialId: credential, cause: 'reset', resetId: '00000000-0000-4000-8000-0000000000d2' },
    { userId: ada, credentialId: credential, cause: 'change', breachCheck: 'unavailable' },
    { userId: ada, credentialId: credential, replaced: formerCredential, cause: 'change' },
  ],
  PasswordChangeRequired: [{ userId: ada, reason: 'seen in a breach' }],
  ParkedEventSkipped: [{ eventId: changeId, reason: 'written by a version that never was' }],
  ParkedEventsRetried: [{ sequence: `user-${ada}` }, { sequence: null }],
  PasswordResetRequested: [
    {
      requestId: changeId,
      userId: ada,
      tokenHash: 't'.repeat(43),
      expiresAt: '2030-01-01T00:30:00.000Z',
    },
    {
      requestId: changeId,
      userId: null,
      tokenHash: 't'.repeat(43),
      expiresAt: '2030-01-01T00:30:00.000Z',
    },
  ],
  ReactorAdvanced: [{ through: '12345678901234567890' }],
  ReactorBegan: [{ at: '0' }],
  PasswordRehashed: [{ userId: ada, credentialId: credential, from: 'bcrypt 10', to: 'argon2id m=19456 t=2 p=1' }],
  ProjectionPaused: [{}],
  ProjectionRebuildCancelled: [{ runId: changeId }],
  ProjectionRebuildContinued: [{ runId: changeId, to: null, isForced: true }],
  ProjectionRebuildFailed: [{ runId: changeId, reason: 'no-room' }],
  ProjectionRebuildStarted: [
    { runId: changeId, version: 3, to: null, isForced: false },
    { runId: changeId, version: 3, to: '20', isForced: true },
  ],
  ProjectionRebuilt: [{ runId: changeId }],
  ProjectionResumed: [{}],
  ProjectionUndoStarted: [{ runId: changeId, version: 3 }],
  ProfileChanged: [{ userId: ada, firstNames: 'Augusta Ada', lastName: 'King' }],
  ProviderClaimed: [{ userId: bot }],
  ProviderRegistered: [
    {
      userId: bot,
      ...providerKey,
      claimTokenHash: 'h'.repeat(43),
      claimableUntil: '2030-01-02T00:00:00.000Z',
    },
  ],
  ProviderRenewed: [{ userId: bot, ...providerKey }],
  ProviderSessionOpened: [
    { userId: ada, sessionId: first, sessionIndexDigest: 'x'.repeat(43), endsAt: '2030-01-01T04:00:00.000Z' },
    { userId: ada, sessionId: first, sessionIndexDigest: null, endsAt: '2030-01-01T04:00:00.000Z' },
  ],
  ProviderSessionsEnded: [
    { userId: ada, sessionIndexDigests: ['x'.repeat(43)] },
    { userId: null, sessionIndexDigests: null },
  ],
  RecoveryCodeUsed: [{ userId: ada, code: 3 }],
  RecoveryCodesReplaced: [{ userId: ada, recoveryCredentialId: credential }],
  SamlMessageAccepted: [{ acceptableUntil: '2030-01-01T00:05:00.000Z' }],
  SamlRequestAnswered: [{}],
  SamlRequestIssued: [
    {
      purpose: { kind: 'login', identityProvider: 'wayf', service: 'web', forceAuthn: false },
      browserHash: 'b'.repeat(43),
      expiresAt: '2030-01-01T00:10:00.000Z',
    },
    {
      purpose: { kind: 'logout', identityProvider: 'wayf' },
      browserHash: 'b'.repeat(43),
      expiresAt: '2030-01-01T00:10:00.000Z',
    },
  ],
  ScopesLimited: [{ userId: bot, scopes: ['files:read', 'auth.services.rotate:write'] }],
  SelectedSessionsEndOrdered: [{ reader: ada, criteria: { address: '192.0.2.0/24' }, reason: 'stolen passwords' }],
  SealingBegun: [{ keyId: 'k'.repeat(43), publicKey: 'p'.repeat(43), credentialId: credential }],
  SecondFactorEnrolled: [{ userId: ada, credentialId: credential, recoveryCredentialId: credential, step: 63_115_200 }],
  SecondFactorFailed: [{ userId: ada }],
  SecondFactorOffered: [
    {
      userId: ada,
      credentialId: credential,
      recoveryCredentialId: credential,
      expiresAt: '2030-01-01T00:10:00.000Z',
    },
  ],
  SecondFactorPassed: [{ userId: ada, step: 63_115_201 }],
  SecondFactorRemoved: [
    { userId: ada, cause: 'removed' },
    { userId: ada, cause: 'reset' },
    { userId: ada, cause: 'reset', reason: 'has lost the phone' },
  ],
  RequestRefused: [
    refused,
    {
      ...refused,
      kind: 'role',
      code: 'role-not-allowed',
      userId: ada,
      isAuthenticated: true,
      identifierDigest: null,
      count: 7,
    },
    { ...refused, kind: 'reuse', code: 'refresh-token-reused', userId: ada, identifierDigest: null },
    { ...refused, call: null, identifierDigest: null, count: 9_000, ...UNKNOWN_SOURCE },
    {
      ...refused,
      kind: 'saml',
      code: 'saml-login-refused',
      call: 'POST /auth/saml/acs',
      identifierDigest: null,
      saml: { fault: 'browser-wrong', identityProvider: 'https://wayf.example', requestId: `_${'0'.repeat(40)}` },
    },
    {
      ...refused,
      kind: 'saml',
      code: 'saml-message-invalid',
      call: 'POST /auth/saml/acs',
      identifierDigest: null,
      saml: { fault: 'xml-invalid', identityProvider: null, requestId: null },
    },
  ],
  RoleChanged: [
    { userId: ada, role: 'ADMIN' },
    { userId: ada, role: 'USER', reason: 'has left the team' },
  ],
  SessionEnded: [
    { userId: ada, reason: 'logout' },
    { userId: ada, reason: 'ended-by-administrator' },
    { userId: ada, reason: 'identity-provider-logout' },
  ],
  SessionOpened: [
    opened,
    { ...opened, origin: { kind: 'provisioned', createdBy: null }, secretHash: null, ipAddress: null, userAgent: null },
    { ...opened, origin: { kind: 'extension', ancestors: [first], extendedBy: [bot] }, rotates: false },
    { ...opened, amr: ['saml'], authenticatedAt: '2029-12-31T23:00:00.000Z', federation, nameId },
  ],
  SessionRefreshed: [{ userId: ada, secretHash: 'n'.repeat(43) }, { userId: ada }],
  SessionsInvalidated: [
    { userId: ada, epoch: 3, spared: first },
    { userId: ada, epoch: 3, spared: null },
  ],
  SubjectDataExported: [{ userId: ada }],
  SigningKeyAdded: [
    {
      kid: asKeyId('k1'),
      alg: 'ES256',
      publicJwk: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) },
      credentialId: credential,
      activatesAt: '2030-01-01T00:00:00.000Z',
    },
  ],
  SigningKeyRetired: [{ kid: asKeyId('k1') }],
  SigningKeyRevoked: [{ kid: asKeyId('k1') }],
  SigningKeyRotationRequested: [{}],
  UserCreated: [
    {
      userId: ada,
      kind: 'password',
      role: 'USER',
      username: 'ada',
      email: 'ada@example.org',
      firstNames: 'Ada',
      lastName: 'Lovelace',
      organizationId: 'analytical',
      credentialId: credential,
      registeredBy: 'service',
    },
    {
      userId: bot,
      kind: 'service',
      role: 'SERVICE',
      username: '_bot',
      email: null,
      firstNames: null,
      lastName: null,
      organizationId: null,
      credentialId: null,
      registeredBy: 'service',
    },
    {
      userId: ada,
      kind: 'password',
      role: 'USER',
      username: 'ada',
      email: null,
      firstNames: null,
      lastName: null,
      organizationId: null,
      credentialId: null,
      registeredBy: 'administrator',
    },
    {
      userId: bot,
      kind: 'provider',
      role: 'PROVIDER',
      username: '#P_hippo',
      email: null,
      firstNames: null,
      lastName: null,
      organizationId: null,
      credentialId: null,
      registeredBy: 'service',
    },
    {
      userId: ada,
      kind: 'password',
      role: 'USER',
      username: 'ada',
      email: 'ada@example.org',
      firstNames: 'Ada',
      lastName: 'Lovelace',
      organizationId: null,
      credentialId: credential,
      registeredBy: 'service',
      breachCheck: 'unavailable',
    },
  ],
  UserCreationAbandoned: [{}],
  UserDeleted: [{ userId: ada }, { userId: ada, reason: 'asked for it' }],
  UserErased: [
    { userId: ada, ground: 'own-request' },
    { userId: ada, ground: 'consent-withdrawn', ticket: 'PRIVACY-42' },
  ],
  UserErasureCompleted: [{ userId: ada, sessionsEnded: 1, sealedEvents: 7, readModels: ['users', 'sessions'] }],
  UserReinstated: [{ userId: ada }],
  UserSuspended: [{ userId: ada }, { userId: ada, reason: 'two countries at once' }],
  UserIteratorAdvanced: [{ through: ada }, { through: ada, asOf: '1000' }],
  UserIteratorClosed: [{}],
  UserIteratorOpened: [{ openedBy: bot, expiresAt: '2030-01-01T00:30:00.000Z' }],
  UsersImported: [{ userIds: [ada] }],
};
