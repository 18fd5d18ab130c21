import { randomBytes } from 'node:crypto';
import { asUserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import { systemContext } from '#event-store/envelope.js';
import { reservationsIn } from '#host/subject-rights.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { AccountRegistration } from '#accounts/account-registration.js';
import { UserRegistration } from '#accounts/user-registration.js';
import { say, sayJson } from './output.js';
import { ACTOR } from './projection-control.js';
import { withStores } from './with-stores.js';

/** 192 bits: nobody guesses it, and its owner has to choose another one. */
const PASSWORD_BYTES = 24;

export interface NewPerson {
  /** Services get a token when they are registered over HTTP. */
  readonly role: 'USER' | 'ADMIN';
  readonly email: string;
  readonly firstNames?: string;
  readonly lastName?: string;
  readonly json?: boolean;
}

/** `authlog users create` @throws Refused */
export const create = (username: string, { role, email, firstNames, lastName, json }: NewPerson): Promise<void> =>
  withStores(async (stores) => {
    const { repository, vault } = stores;
    const registration = new AccountRegistration(repository, reservationsIn(stores));
    const password = randomBytes(PASSWORD_BYTES).toString('base64url');
    const names = { firstNames: firstNames ?? null, lastName: lastName ?? null, organizationId: null };
    const wanted = { username, role, password, email, ...names, registeredBy: 'administrator' } as const;
    const context = systemContext(new Date(), ACTOR);
    const [account] = await new UserRegistration(registration, vault, new PasswordHasher(1)).register(
      [wanted],
      context,
    );
    if (account === undefined) throw new Error('no account was made');
    const by = asUserId(ACTOR);
    const demand = { type: 'RequirePasswordChange', by, reason: null } as const;
    await repository.execute(user, userStream(account.id), demand, systemContext(new Date(), ACTOR));
    if (json === true) sayJson({ id: account.id, username, role, password });
    else
      say(
        `${username} was made, with the id ${account.id}.\nThe password is ${password} (shown only now); it has to be changed at the first login.`,
      );
  });
