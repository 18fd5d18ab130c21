import { type Personal, readable } from '#domain/personal.js';
import { identityText } from '#domain/user/federation.js';
import type { UserEvent } from '#domain/user/user-events.js';
import type { Identifier } from '../identifier-reservations.js';

/**
 * Every name, address and identity that an account ever had or asked for, as far as they can still be read: the reservation of an address
 * that was replaced stays with the account until somebody wants it.
 */
export function identifiersIn(events: readonly UserEvent[]): Identifier[] {
  const found = new Map<string, Identifier>();
  for (const event of events.filter(isNaming))
    for (const identifier of named(event)) found.set(`${identifier.kind} ${identifier.value}`, identifier);
  return [...found.values()];
}

const NAMING = [
  'UserCreated',
  'IdentityFederated',
  'EmailChangeRequested',
  'EmailChangeUndone',
  'EmailChanged',
] as const;
type Naming = Extract<UserEvent, { type: (typeof NAMING)[number] }>;

const isNaming = (event: UserEvent): event is Naming => NAMING.some((type) => type === event.type);

function named({ type, data }: Naming): Identifier[] {
  switch (type) {
    case 'UserCreated':
      return [...identifier('name', data.username), ...identifier('email', data.email)];
    case 'IdentityFederated': {
      const { identityProvider } = data;
      const subject = readable(data.subject);
      return subject === null ? [] : identifier('idp', identityText({ identityProvider, subject }));
    }
    case 'EmailChangeRequested':
    case 'EmailChangeUndone':
      return identifier('email', data.email);
    case 'EmailChanged':
      return [...identifier('email', data.email), ...identifier('email', data.previousEmail)];
  }
}

function identifier(kind: Identifier['kind'], text: Personal<string> | null): Identifier[] {
  const value = readable(text);
  return value === null ? [] : [{ kind, value }];
}
