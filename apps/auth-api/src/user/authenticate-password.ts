import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { attempts, attemptsStream, guessesLeft } from '#domain/attempts/attempts.js';
import type { CredentialId, StreamName } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import type { ActiveUser } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import type { Authentication } from '../session/log-in.js';
import { Accounts } from './accounts.js';
import { AdmissionGate } from './admission-gate.js';

/** Finds out whether somebody is who they say, by their password. */
export class AuthenticatePassword extends Command<Authentication> {
  constructor(
    readonly username: string,
    readonly password: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

/** @throws Refused `credentials-invalid` for an unknown account and a wrong password alike, or `login-throttled` */
@CommandHandler(AuthenticatePassword)
export class AuthenticatePasswordHandler implements ICommandHandler<AuthenticatePassword> {
  private readonly gate = new AdmissionGate();

  constructor(
    private readonly repository: Repository,
    private readonly accounts: Accounts,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
    private readonly digest: IdentifierDigest,
  ) {}

  async execute({ username, password, request }: AuthenticatePassword): Promise<Authentication> {
    const stream = attemptsStream(this.digest.of('login', username));
    const context = { ...request, ...ANONYMOUS };
    const { now } = request;
    const admit = async () =>
      guessesLeft((await this.repository.execute(attempts, stream, { type: 'AdmitLogin', now }, context)).state);
    return this.gate.whileAdmitted(stream, admit, () => this.authenticate(username, password, stream, context));
  }

  private async authenticate(
    username: string,
    password: string,
    stream: StreamName,
    context: CommandContext,
  ): Promise<Authentication> {
    const { now } = context;
    const account = await this.find(username);
    if (account === null || !(await this.isPasswordOf(account, password))) {
      const reason = account === null ? 'unknown-account' : 'wrong-password';
      if (account === null) await this.hasher.verifyNothing(password);
      await this.repository.execute(attempts, stream, { type: 'RecordFailedLogin', reason, now }, context);
      throw new Refused('credentials-invalid');
    }
    await this.repository.execute(attempts, stream, { type: 'RecordSuccessfulLogin', now }, context);
    return { account, amr: ['pwd'] };
  }

  /** The account with a password that holds this name. */
  private async find(username: string): Promise<(ActiveUser & { credentialId: CredentialId }) | null> {
    const account = await this.accounts.byUsername(username);
    return account?.credentialId ? { ...account, credentialId: account.credentialId } : null;
  }

  private async isPasswordOf({ credentialId }: ActiveUser, password: string): Promise<boolean> {
    const phc = credentialId === null ? null : await this.vault.reveal(credentialId);
    return phc === null ? this.hasher.verifyNothing(password) : this.hasher.verify(phc, password);
  }
}
