import { type AdministrationEvent, administrationEvents } from './administration/administration.js';
import { type AgeingEvent, ageingEvents } from './ageing/ageing.js';
import { type AttemptsEvent, attemptsEvents } from './attempts/attempts.js';
import { type AuditReadingEvent, auditReadingEvents } from './audit/audit-reading.js';
import { type ChallengeEvent, challengeEvents } from './challenge/challenge.js';
import type { EventCatalogue } from './event-catalogue.js';
import { type InstallationEvent, installationEvents } from './installation/installation.js';
import { type MailEvent, mailEvents } from './mail/mail.js';
import { type OneTimeTokenEvent, oneTimeTokenEvents } from './one-time-token/one-time-token.js';
import { type PasswordResetEvent, passwordResetEvents } from './password-reset/password-reset.js';
import { type ProjectionControlEvent, projectionControlEvents } from './projection/projection-control.js';
import { type ReactorEvent, reactorEvents } from './reactor/reactor.js';
import { type RefusalEvent, refusalEvents } from './refusal/refusal.js';
import { type ReservationEvent, reservationEvents } from './reservation/reservation.js';
import { type AcceptedMessageEvent, acceptedMessageEvents } from './saml/accepted-message.js';
import { type ProviderSessionEvent, providerSessionEvents } from './saml/provider-session.js';
import { type SamlRequestEvent, samlRequestEvents } from './saml/saml-request.js';
import { type SealingEvent, sealingEvents } from './sealing/sealing.js';
import { type SecondFactorEvent, secondFactorEvents } from './second-factor/second-factor.js';
import { type SessionEvent, sessionEvents } from './session/session-events.js';
import { type SigningKeyEvent, signingKeyEvents } from './signing-key/signing-key.js';
import { type UserIteratorEvent, userIteratorEvents } from './user-iterator/user-iterator.js';
import { type UserEvent, userEvents } from './user/user-events.js';
import { type UserImportEvent, userImportEvents } from './user-import/user-import.js';

/** Everything that can stand in the log. */
export type AuthlogEvent =
  | AcceptedMessageEvent
  | AdministrationEvent
  | AgeingEvent
  | AttemptsEvent
  | AuditReadingEvent
  | ChallengeEvent
  | InstallationEvent
  | MailEvent
  | OneTimeTokenEvent
  | PasswordResetEvent
  | ProjectionControlEvent
  | ProviderSessionEvent
  | ReactorEvent
  | RefusalEvent
  | ReservationEvent
  | SamlRequestEvent
  | SealingEvent
  | SecondFactorEvent
  | SessionEvent
  | SigningKeyEvent
  | UserEvent
  | UserImportEvent
  | UserIteratorEvent;

export const authlogEvents: EventCatalogue<AuthlogEvent> = {
  ...acceptedMessageEvents,
  ...administrationEvents,
  ...ageingEvents,
  ...attemptsEvents,
  ...auditReadingEvents,
  ...challengeEvents,
  ...installationEvents,
  ...mailEvents,
  ...oneTimeTokenEvents,
  ...passwordResetEvents,
  ...projectionControlEvents,
  ...providerSessionEvents,
  ...reactorEvents,
  ...refusalEvents,
  ...reservationEvents,
  ...samlRequestEvents,
  ...sealingEvents,
  ...secondFactorEvents,
  ...sessionEvents,
  ...signingKeyEvents,
  ...userEvents,
  ...userImportEvents,
  ...userIteratorEvents,
};
