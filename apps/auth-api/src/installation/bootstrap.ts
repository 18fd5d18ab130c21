import { createHmac } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { sessionStream } from '#domain/ids.js';
import { INSTALLATION, installation } from '#domain/installation/installation.js';
import { ALL_WRITE } from '#domain/scope.js';
import { session } from '#domain/session/session.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { type CommandContext, systemContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { Announcements } from '#host/announcements.js';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { Settings } from '#host/settings.js';
import { hashOf, splitRefreshToken } from '#tokens/refresh-token.js';
import { Vault } from '#vault/vault.js';
import { type NewUser, UserRegistration } from '#accounts/user-registration.js';

/** The same in every process and every try: the first start happens once, however often it is interrupted. */
const FIRST_START = { commandId: '6f1d2c8e-2f6a-4d0b-9a3e-5c7b8d9e0f11', fingerprint: 'first start' };

const PASSWORD_LENGTH = 24;

const nobody = {
  password: null,
  email: null,
  firstNames: null,
  lastName: null,
  organizationId: null,
  registeredBy: 'installation' as const,
};
const BOOTSTRAP_SERVICE: NewUser = { ...nobody, username: '_bootstrap', role: 'SERVICE' };

/** Makes the first administrator and the bootstrap service on the first start of an installation (design §7). */
@Injectable()
export class Bootstrap implements OnApplicationBootstrap {
  constructor(
    private readonly repository: Repository,
    private readonly registration: UserRegistration,
    private readonly vault: Vault,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly announcements: Announcements,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { state } = await this.repository.load(installation, INSTALLATION);
    if (state.bootstrapped) return this.checkServiceToken();
    const context = { ...systemContext(this.clock.now()), ...FIRST_START };
    const { username, password } = this.settings.administrator;
    const wanted: NewUser = { ...nobody, username, role: 'ADMIN', password: password ?? this.generatedPassword() };
    const wantsService = this.settings.serviceToken !== null;
    const accounts = await this.registration.register(wantsService ? [wanted, BOOTSTRAP_SERVICE] : [wanted], context);
    const [administrator, service] = accounts;
    if (administrator === undefined) throw new Error('the first administrator was not made');
    if (service !== undefined) await this.openServiceSession(service, context);
    // Said before it is recorded that it was said: interrupted in between, the next start says it again.
    this.announceAdministrator();
    const ids = { administratorId: administrator.id, bootstrapServiceId: service?.id ?? null };
    await this.repository.execute(installation, INSTALLATION, { type: 'Bootstrap', ...ids }, context);
  }

  private announceAdministrator(): void {
    const { username, password } = this.settings.administrator;
    const secret = password === null ? this.generatedPassword() : 'as set in AUTHLOG_ADMIN_PASSWORD';
    this.announcements.say(`First administrator: user name ${username}, password ${secret} (shown only now)`);
  }

  /** Random as the installation's secret is; the same again if the first start has to be repeated. */
  private generatedPassword(): string {
    const key = this.vault.derivedKey('first-administrator');
    return createHmac('sha256', key).update('password').digest('base64url').slice(0, PASSWORD_LENGTH);
  }

  private async openServiceSession(owner: ActiveUser, context: CommandContext): Promise<void> {
    const parts = splitRefreshToken(this.settings.serviceToken ?? '');
    if (parts === null) return;
    const opening = { secretHash: hashOf(parts.secret), scopes: [ALL_WRITE], ipAddress: null, userAgent: null };
    const command = { type: 'Provision', owner, createdBy: null, ...opening, now: context.now } as const;
    await this.repository.execute(session, sessionStream(parts.sessionId), command, context);
  }

  /** A service token that was not there on the first start does nothing, which whoever set it should know. */
  private async checkServiceToken(): Promise<void> {
    const parts = splitRefreshToken(this.settings.serviceToken ?? '');
    if (parts === null) return;
    const { state } = await this.repository.load(session, sessionStream(parts.sessionId));
    if (state.status === 'none')
      this.log.warn({}, 'AUTHLOG_SERVICE_TOKEN is not the one of the first start of this installation and is ignored');
  }
}
