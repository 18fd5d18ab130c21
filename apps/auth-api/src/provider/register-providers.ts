import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type SessionId, type UserId, asCredentialId, asKeyId, asUserId, sessionStream } from '#domain/ids.js';
import { session } from '#domain/session/session.js';
import { newestCredential } from '#domain/user/credentials.js';
import { type ProviderKey, type RegisterProvider, providerName } from '#domain/user/provider.js';
import type { Registrar } from '#domain/user/user-events.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { ClaimTokens } from '#tokens/claim-token.js';
import { Credentials, credentialIdOf } from '../credential/credentials.js';
import { chosenId } from '../request-context.js';
import { AccountRegistration, type Applicant } from '#accounts/account-registration.js';
import { ProviderKeys } from './provider-keys.js';

/** What whoever registers a provider passes on to it. */
export interface RegisteredProvider {
  readonly claimToken: string;
  /** Where the log says so. */
  readonly position: Position | undefined;
}

/** Makes providers, all or none; each is then claimed by whoever runs it (ucloud-users-api §17). */
export class RegisterProviders extends Command<readonly RegisteredProvider[]> {
  constructor(
    readonly providerIds: readonly string[],
    readonly registeredBy: Registrar,
    readonly createdBy: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Stands in a registration that is only tried out. */
const NO_KEY: ProviderKey = {
  kid: asKeyId('none yet'),
  alg: 'RS256',
  publicKey: '',
  credentialId: asCredentialId('none yet'),
};

@CommandHandler(RegisterProviders)
export class RegisterProvidersHandler implements ICommandHandler<RegisterProviders> {
  constructor(
    private readonly repository: Repository,
    private readonly registration: AccountRegistration,
    private readonly keys: ProviderKeys,
    private readonly claimTokens: ClaimTokens,
    private readonly credentials: Credentials,
  ) {}

  async execute(command: RegisterProviders): Promise<readonly RegisteredProvider[]> {
    const { providerIds, createdBy, context } = command;
    await this.repository.demandSameCommand(session, sessionStream(credentialIdOf(context, 0)), context);
    const made = new Map<UserId, { readonly key: ProviderKey; readonly claimToken: string }>();
    const applicants = providerIds.map((providerId, index): Applicant => {
      const draft = registration(command, providerId, index);
      const prepare = async (id: UserId) => {
        const key = await this.keys.make(id);
        const { token, secretHash } = this.claimTokens.issue(id, chosenId(context));
        made.set(id, { key, claimToken: token });
        return { ...draft, id, key, claimTokenHash: secretHash };
      };
      return { identifiers: [{ kind: 'name', value: providerName(providerId) }], draft, prepare };
    });
    const accounts = await this.registration.register(applicants, context);
    return Promise.all(
      accounts.map(async (account, index) => {
        const { key, claimToken = this.claimTokens.issue(account.id, context.commandId).token } =
          made.get(account.id) ?? {};
        // The same command, carried out twice at the same moment, has made two.
        if (key !== undefined && key.kid !== account.provider?.key.kid) await this.keys.erase(key);
        const position = await this.openCredential(account, credentialIdOf(context, index), createdBy, context);
        return { claimToken, position };
      }),
    );
  }

  /** Whoever claims the provider gets its token, which is made of the claim token. */
  private async openCredential(
    account: ActiveUser,
    sessionId: SessionId,
    createdBy: UserId,
    context: CommandContext,
  ): Promise<Position | undefined> {
    const claim = account.provider?.claim ?? null;
    // A command that is repeated late: renewed or revoked since, it is for the claim to say so.
    if (claim === null || newestCredential(account.credentials) !== sessionId) return undefined;
    return (await this.credentials.open(account, sessionId, claim.tokenHash, createdBy, context)).position;
  }
}

const registration = (
  { registeredBy, context }: RegisterProviders,
  providerId: string,
  index: number,
): RegisterProvider => ({
  type: 'RegisterProvider',
  id: asUserId('nobody yet'),
  providerId,
  key: NO_KEY,
  claimTokenHash: '',
  sessionId: credentialIdOf(context, index),
  registeredBy,
  now: context.now,
});
