import type { DomainEvent } from '../decider.js';
import type { CredentialId } from '../ids.js';
import type { SecondFactorEvent } from '../second-factor/second-factor.js';
import type { UserEvent } from './user-events.js';

/** Something that a person proved with who they are. */
export interface BoundAuthenticator {
  readonly kind: 'password' | 'totp' | 'recovery-codes';
  /** Of the vault's row, which may be gone. */
  readonly id: CredentialId;
  readonly boundAt: Date;
  /** Since when it opens nothing any more; null while it does. */
  readonly unboundAt: Date | null;
}

const TYPES = [
  'UserCreated',
  'PasswordChanged',
  'PasswordRehashed',
  'SecondFactorEnrolled',
  'RecoveryCodesReplaced',
  'SecondFactorRemoved',
  'UserErased',
] as const;
type BindingEvent = Extract<UserEvent | SecondFactorEvent, { type: (typeof TYPES)[number] }>;

/** Whether it binds an authenticator to an account, or ends one. */
export const isBinding = (event: DomainEvent): event is BindingEvent => TYPES.some((type) => type === event.type);

type History = readonly BoundAuthenticator[];
type Kind = BoundAuthenticator['kind'];

/** Every authenticator that was ever bound to an account, oldest first, after one more event (SEC-157). */
export function withBinding(history: History, { type, data }: BindingEvent, occurredAt: Date): History {
  switch (type) {
    case 'UserCreated':
      return data.credentialId === null ? history : bind(history, 'password', data.credentialId, occurredAt);
    case 'PasswordChanged':
    case 'PasswordRehashed':
      return bind(history, 'password', data.credentialId, occurredAt);
    case 'SecondFactorEnrolled': {
      const withTotp = bind(history, 'totp', data.credentialId, occurredAt);
      return bind(withTotp, 'recovery-codes', data.recoveryCredentialId, occurredAt);
    }
    case 'RecoveryCodesReplaced':
      return bind(history, 'recovery-codes', data.recoveryCredentialId, occurredAt);
    case 'SecondFactorRemoved':
      return unbind(history, ['totp', 'recovery-codes'], occurredAt);
    case 'UserErased':
      return unbind(history, ['password', 'totp', 'recovery-codes'], occurredAt);
  }
}

/** In the place of the one of its kind that was bound before. */
const bind = (history: History, kind: Kind, id: CredentialId, boundAt: Date): History => [
  ...unbind(history, [kind], boundAt),
  { kind, id, boundAt, unboundAt: null },
];

const unbind = (history: History, kinds: readonly Kind[], at: Date): History =>
  history.map((each) => (each.unboundAt === null && kinds.includes(each.kind) ? { ...each, unboundAt: at } : each));
