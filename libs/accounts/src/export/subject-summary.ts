import type { AuthlogEvent } from '#domain/events.js';
import { idIn } from '#domain/ids.js';
import type { MailEvent, MailKind } from '#domain/mail/mail.js';
import type { OneTimeTokenEvent } from '#domain/one-time-token/one-time-token.js';
import type { Personal } from '#domain/personal.js';
import type { SessionEvent } from '#domain/session/session-events.js';
import { type BoundAuthenticator, isBinding, withBinding } from '#domain/user/authenticator-history.js';
import type { RecordedProfile } from '#domain/user/asserted-profile.js';
import type { UserEvent } from '#domain/user/user-events.js';
import type { DecodedEvent } from '#event-store/codec.js';
import { SessionSummaries } from './session-summaries.js';

interface Address {
  readonly email: Personal<string>;
  readonly since: Date;
  readonly until: Date | null;
}

interface Identity {
  /** Its entity id. */
  readonly identityProvider: string;
  readonly subject: Personal<string>;
  readonly since: Date;
}

type Assertion = RecordedProfile & { readonly since: Date; readonly until: Date | null };

interface IssuedToken {
  readonly id: string;
  readonly audience: readonly string[];
  readonly issuedAt: Date;
  readonly claimedAt: Date | null;
}

interface SentMail {
  readonly id: string;
  readonly kind: MailKind;
  readonly firstTriedAt: Date;
  /** `dispatched`, or why it was given up; null while it is on its way. */
  readonly outcome: string | null;
}

/** The events about a person, brought together by what people ask of them. */
export class SubjectSummary {
  /** Of two streams, so they are put in order at the end. */
  private readonly bindings: DecodedEvent[] = [];
  private readonly addresses: Address[] = [];
  private readonly identities: Identity[] = [];
  private readonly assertedProfiles: Assertion[] = [];
  private readonly agreements: { readonly version: number; readonly acceptedAt: Date }[] = [];
  private readonly sessions = new SessionSummaries();
  private readonly tokens = new Map<string, IssuedToken>();
  private readonly mails = new Map<string, SentMail>();

  /** Those of one stream come in order. */
  add(decoded: DecodedEvent): void {
    if (isBinding(decoded.event)) this.bindings.push(decoded);
    const { stream, occurredAt } = decoded;
    const event = decoded.event as AuthlogEvent;
    if (isOfSession(event)) this.sessions.add(idIn(stream), event, occurredAt);
    else if (isOfToken(event)) this.addToken(idIn(stream), event, occurredAt);
    else if (isOfMail(event)) this.addMail(idIn(stream), event, occurredAt);
    else if (isOfAccount(event)) this.addAccount(event, occurredAt);
  }

  result() {
    return {
      emailAddresses: this.addresses,
      identities: this.identities,
      assertedProfiles: this.assertedProfiles,
      agreements: this.agreements,
      authenticators: this.authenticators(),
      sessions: this.sessions.result(),
      oneTimeTokens: [...this.tokens.values()],
      mails: [...this.mails.values()],
    };
  }

  private authenticators(): readonly BoundAuthenticator[] {
    return this.bindings
      .toSorted((one, other) => (BigInt(one.position) < BigInt(other.position) ? -1 : 1))
      .reduce<readonly BoundAuthenticator[]>(
        (history, { event, occurredAt }) => (isBinding(event) ? withBinding(history, event, occurredAt) : history),
        [],
      );
  }

  private addAccount({ type, data }: AccountEvent, at: Date): void {
    switch (type) {
      case 'UserCreated':
        if (data.email !== null) this.addresses.push({ email: data.email, since: at, until: null });
        return;
      case 'EmailChanged':
      case 'EmailChangeUndone': {
        const last = this.addresses.pop();
        if (last !== undefined) this.addresses.push({ ...last, until: at });
        this.addresses.push({ email: data.email, since: at, until: null });
        return;
      }
      case 'IdentityFederated': {
        const { identityProvider, subject } = data;
        this.identities.push({ identityProvider, subject, since: at });
        return;
      }
      case 'AssertedProfileChanged': {
        const { userId: _, ...profile } = data;
        const last = this.assertedProfiles.pop();
        if (last !== undefined) this.assertedProfiles.push({ ...last, until: at });
        this.assertedProfiles.push({ ...profile, since: at, until: null });
        return;
      }
      case 'AgreementAccepted':
        this.agreements.push({ version: data.version, acceptedAt: at });
        return;
      case 'SessionsInvalidated':
        this.sessions.allEnded({ ...data, at });
    }
  }

  private addToken(id: string, { type, data }: OneTimeTokenEvent, at: Date): void {
    const known = this.tokens.get(id);
    if (type === 'OneTimeTokenIssued')
      this.tokens.set(id, { id, audience: data.audience, issuedAt: at, claimedAt: null });
    else if (known !== undefined) this.tokens.set(id, { ...known, claimedAt: at });
  }

  private addMail(id: string, { type, data }: MailEvent, at: Date): void {
    const known = this.mails.get(id);
    if (type === 'MailDispatchStarted')
      this.mails.set(id, known ?? { id, kind: data.kind, firstTriedAt: at, outcome: null });
    else if (known !== undefined && type === 'MailDispatched') this.mails.set(id, { ...known, outcome: 'dispatched' });
    else if (known !== undefined && type === 'MailAbandoned') this.mails.set(id, { ...known, outcome: data.reason });
  }
}

const ACCOUNT_TYPES = [
  'UserCreated',
  'IdentityFederated',
  'AssertedProfileChanged',
  'EmailChanged',
  'EmailChangeUndone',
  'AgreementAccepted',
  'SessionsInvalidated',
] as const;
type AccountEvent = Extract<UserEvent, { type: (typeof ACCOUNT_TYPES)[number] }>;

const isOfAccount = (event: AuthlogEvent): event is AccountEvent => ACCOUNT_TYPES.some((type) => type === event.type);
const isOfSession = (event: AuthlogEvent): event is SessionEvent =>
  /^Session(?:Opened|Refreshed|Ended)$/.test(event.type);
const isOfToken = (event: AuthlogEvent): event is OneTimeTokenEvent => event.type.startsWith('OneTimeToken');
const isOfMail = (event: AuthlogEvent): event is MailEvent => event.type.startsWith('Mail');
