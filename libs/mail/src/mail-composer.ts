import { idIn, userStream } from '#domain/ids.js';
import { type Personal, readable } from '#domain/personal.js';
import { recoveryCodesLeft, secondFactor, secondFactorStream } from '#domain/second-factor/second-factor.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { Repository } from '#event-store/repository.js';
import type { MailTokens } from '#tokens/mail-token.js';
import type { Facts, Language } from './letters/letter.js';
import { type RenderedLetter, render } from './letters/render.js';
import type { MailOrder } from './mail-orders.js';
import type { OutgoingMail } from './mail-transport.js';

/** Where the links in mails go; `{token}` stands for the token. */
export interface MailLinks {
  readonly passwordReset: string;
  readonly emailConfirmation: string;
  readonly emailUndo: string;
  readonly forgottenPassword: string;
}

/** What mails say of the service. */
export interface MailWording {
  /** What its users know it as. */
  readonly service: string;
  /** Of mails to those who asked for no language. */
  readonly language: Language;
  readonly links: MailLinks;
}

interface Receivers {
  readonly to: string;
  readonly copies: readonly string[];
}

/** Writes mails: what they say, and to whom, as the log has it at the moment they are sent. */
export class MailComposer {
  constructor(
    private readonly repository: Repository,
    private readonly tokens: MailTokens,
    private readonly wording: MailWording,
  ) {}

  /** @returns null if there is nobody to tell, any more or at all */
  async compose(order: MailOrder, now: Date): Promise<OutgoingMail | null> {
    const { state: account } = await this.repository.load(user, userStream(order.userId));
    if (account.status !== 'active') return null;
    const receivers = receiversOf(order, account, now);
    const username = readable(account.claims.username);
    if (receivers === null || username === null) return null;
    const { service, language: usual, links } = this.wording;
    const language = order.language ?? usual;
    const facts = { service, username, forgottenPassword: links.forgottenPassword };
    const letter = await this.write(order, language, facts);
    return { id: order.id, date: order.occurredAt, ...receivers, language, ...letter };
  }

  private async write(order: MailOrder, language: Language, facts: Facts): Promise<RenderedLetter> {
    const { kind, userId, event, stream } = order;
    const { links } = this.wording;
    switch (event.type) {
      case 'PasswordResetRequested': {
        const token = this.tokens.of('password-reset', idIn(stream), event.data.requestId);
        return render('password-reset', language, { ...facts, link: withToken(links.passwordReset, token) });
      }
      case 'EmailChangeRequested': {
        if (kind !== 'email-confirmation') return render('email-address-in-use', language, facts);
        const token = this.tokens.of('email-confirmation', userId, event.data.changeId);
        return render('email-confirmation', language, { ...facts, link: withToken(links.emailConfirmation, token) });
      }
      case 'EmailChanged': {
        const token = this.tokens.of('email-undo', userId, event.data.changeId);
        return render('email-changed', language, { ...facts, link: withToken(links.emailUndo, token) });
      }
      case 'RecoveryCodeUsed': {
        const { state } = await this.repository.load(secondFactor, secondFactorStream(userId));
        return render('recovery-code-used', language, { ...facts, codesLeft: recoveryCodesLeft(state) });
      }
      case 'SecondFactorRemoved': {
        const by = event.data.cause === 'removed' ? 'owner' : 'administrator';
        return render('second-factor-removed', language, { ...facts, by });
      }
      case 'FailedLoginsCleared':
        return render('login-after-failures', language, { ...facts, failures: event.data.failures ?? 0 });
      case 'ChallengeExhausted':
        return render('second-factor-guessed', language, facts);
      case 'EmailChangeUndone':
        return render('email-change-undone', language, facts);
      case 'PasswordChanged':
        return render('password-changed', language, facts);
      case 'PasswordChangeRequired':
        return render('password-change-required', language, facts);
      case 'RecoveryCodesReplaced':
        return render('recovery-codes-replaced', language, facts);
      case 'SecondFactorEnrolled':
        return render('second-factor-enrolled', language, facts);
    }
  }
}

const withToken = (link: string, token: string) => link.replace('{token}', token);

function receiversOf({ kind, event }: MailOrder, account: ActiveUser, now: Date): Receivers | null {
  switch (event.type) {
    case 'EmailChangeRequested':
      // In the spelling of who has it.
      return only(kind === 'email-address-in-use' ? account.claims.email : event.data.email);
    case 'EmailChangeUndone':
      return only(event.data.email);
    case 'EmailChanged':
      return only(event.data.previousEmail);
    case 'PasswordResetRequested':
      return account.suspended ? null : only(account.claims.email);
    case 'ChallengeExhausted':
    case 'FailedLoginsCleared':
    case 'PasswordChangeRequired':
    case 'PasswordChanged':
    case 'RecoveryCodeUsed':
    case 'RecoveryCodesReplaced':
    case 'SecondFactorEnrolled':
    case 'SecondFactorRemoved':
      return everybody(account, now);
  }
}

function only(email: Personal<string> | null): Receivers | null {
  const to = readable(email);
  return to === null ? null : { to, copies: [] };
}

/** Whoever changed the address must not be the only one who hears of what they do next (SEC-62). */
function everybody({ claims, replacedEmails }: ActiveUser, now: Date): Receivers | null {
  const current = only(claims.email);
  const earlier = replacedEmails.filter(({ undoUntil }) => undoUntil > now).map(({ email }) => readable(email));
  return current && { ...current, copies: earlier.filter((email) => email !== null) };
}
