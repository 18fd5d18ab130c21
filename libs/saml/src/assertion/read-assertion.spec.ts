import { describe, expect, it } from 'vitest';
import type { SamlFault } from '#domain/saml/saml-fault.js';
import { type HubResponse, later } from '../testing/hub-response.js';
import { TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { accept, faultOf, NOW, REQUEST_ID, respond } from '../testing/verdict.js';

type Parts = Partial<HubResponse>;
const OTHER_REQUEST = REQUEST_ID.replace('0', '1');
const OURS = TEST_SERVICE_PROVIDER.entityId;
const inSeconds = (seconds: number) => later(NOW, seconds * 1_000);
const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** SEC-111: one wrong at a time, and signed by the hub all the same. */
const wrong: [name: string, parts: Parts, fault: SamlFault][] = [
  // The response.
  ['Version 1.1 of the response', { responseVersion: '1.1' }, 'version-unsupported'],
  ['no Version of the response', { responseVersion: null }, 'version-unsupported'],
  ['Version 1.1 of the assertion', { assertionVersion: '1.1' }, 'version-unsupported'],
  ['no Version of the assertion', { assertionVersion: null }, 'version-unsupported'],
  ['a status other than Success', { statusCode: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }, 'status-not-success'],
  [
    'an error without an assertion',
    { statusCode: 'urn:oasis:names:tc:SAML:2.0:status:Requester', assertionXml: '', sign: 'response' },
    'status-not-success',
  ],
  ['no status', { statusXml: '' }, 'status-not-success'],
  [
    'a status without a code',
    { statusXml: '<samlp:StatusMessage>Success</samlp:StatusMessage>' },
    'status-not-success',
  ],
  ['an unknown issuer of the response', { responseIssuer: 'https://evil.test' }, 'issuer-unknown'],
  ['an issuer that begins like the hub', { responseIssuer: 'https://hub.test.evil.test' }, 'issuer-unknown'],
  ['no issuer of the response', { responseIssuer: null }, 'issuer-unknown'],
  ['another destination', { destination: 'https://evil.test/auth/saml/acs' }, 'destination-wrong'],
  ['no destination', { destination: null }, 'destination-wrong'],
  ['an empty destination', { destination: '' }, 'destination-wrong'],
  ['a response of a day ago', { responseIssueInstant: inSeconds(-DAY) }, 'issue-instant-wrong'],
  ['a response of tomorrow', { responseIssueInstant: inSeconds(DAY) }, 'issue-instant-wrong'],
  ['a response of no time', { responseIssueInstant: null }, 'issue-instant-wrong'],
  // The request.
  ['no InResponseTo of the response', { responseInResponseTo: null }, 'request-wrong'],
  ['no InResponseTo of the assertion', { confirmationInResponseTo: null }, 'request-wrong'],
  ['an unsolicited response', { responseInResponseTo: null, confirmationInResponseTo: null }, 'request-wrong'],
  ['an assertion for another request', { confirmationInResponseTo: OTHER_REQUEST }, 'request-wrong'],
  ['a response to another request', { responseInResponseTo: OTHER_REQUEST }, 'request-wrong'],
  ['an id that is not of our form', { responseInResponseTo: '_1', confirmationInResponseTo: '_1' }, 'request-wrong'],
  // Whose assertion it is, and of when.
  ['another issuer of the assertion', { assertionIssuer: 'https://evil.test' }, 'issuer-wrong'],
  ['no issuer of the assertion', { assertionIssuer: null }, 'issuer-wrong'],
  ['an assertion of a day ago', { assertionIssueInstant: inSeconds(-DAY) }, 'issue-instant-wrong'],
  ['an assertion of tomorrow', { assertionIssueInstant: inSeconds(DAY) }, 'issue-instant-wrong'],
  ['an assertion of no time', { assertionIssueInstant: null }, 'issue-instant-wrong'],
  ['a time of another zone', { assertionIssueInstant: '2030-01-01T00:59:00.000+01:00' }, 'issue-instant-wrong'],
  ['a time of no zone', { assertionIssueInstant: '2029-12-31T23:59:00.000' }, 'issue-instant-wrong'],
  // Whom it is about.
  ['no subject', { subjectXml: '' }, 'subject-missing'],
  ['two subjects', { subjectXml: '<saml:Subject></saml:Subject><saml:Subject></saml:Subject>' }, 'subject-missing'],
  ['no NameID', { nameIdXml: '' }, 'subject-missing'],
  ['two NameIDs', { nameIdXml: '<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>' }, 'subject-missing'],
  ['an empty NameID', { nameId: '' }, 'subject-missing'],
  ['a blank NameID', { nameId: ' \n\u00a0' }, 'subject-missing'],
  ['a NameID of two parts', { nameIdXml: '<saml:NameID>ada<saml:x></saml:x>@sdu.dk</saml:NameID>' }, 'subject-missing'],
  ['an endless NameID', { nameId: 'a'.repeat(1_025) }, 'subject-missing'],
  // Who may bring it.
  ['no confirmation', { confirmationXml: '' }, 'confirmation-wrong'],
  ['another method', { confirmationMethod: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }, 'confirmation-wrong'],
  [
    'a confirmation without data',
    {
      confirmationXml:
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"></saml:SubjectConfirmation>',
    },
    'confirmation-wrong',
  ],
  ['a confirmation without an end', { confirmationNotOnOrAfter: null }, 'confirmation-wrong'],
  ['a confirmation with a beginning', { confirmationNotBefore: NOW }, 'confirmation-wrong'],
  ['a confirmation that has expired', { confirmationNotOnOrAfter: inSeconds(-MINUTE) }, 'expired'],
  ['another recipient', { recipient: 'https://evil.test/auth/saml/acs' }, 'recipient-wrong'],
  ['no recipient', { recipient: null }, 'recipient-wrong'],
  // Under which conditions.
  ['no conditions', { conditionsXml: '' }, 'conditions-wrong'],
  ['conditions twice', { conditionsXml: '<saml:Conditions></saml:Conditions>'.repeat(2) }, 'conditions-wrong'],
  ['no beginning', { notBefore: null }, 'conditions-wrong'],
  ['no end', { notOnOrAfter: null }, 'conditions-wrong'],
  ['an end that is no time', { notOnOrAfter: 'never' }, 'conditions-wrong'],
  ['an end on a day that no month has', { notOnOrAfter: '2030-02-30T00:00:00Z' }, 'conditions-wrong'],
  ['an end before the beginning', { notBefore: inSeconds(10), notOnOrAfter: inSeconds(10) }, 'conditions-wrong'],
  ['an unknown condition', { conditionXml: '<saml:Condition></saml:Condition>' }, 'conditions-wrong'],
  [
    'a condition of another namespace',
    { conditionXml: '<x:OneTimeUse xmlns:x="urn:x"></x:OneTimeUse>' },
    'conditions-wrong',
  ],
  ['conditions that have expired', { notBefore: inSeconds(-DAY), notOnOrAfter: inSeconds(-MINUTE) }, 'expired'],
  ['conditions of a day to come', { notBefore: inSeconds(DAY), notOnOrAfter: inSeconds(2 * DAY) }, 'not-yet-valid'],
  ['no audience', { audiences: [] }, 'audience-wrong'],
  ['an empty audience', { audiences: [[]] }, 'audience-wrong'],
  ['another audience', { audiences: [['https://other.test']] }, 'audience-wrong'],
  ['our entity id with a slash', { audiences: [[`${OURS}/`]] }, 'audience-wrong'],
  ['our entity id in capitals', { audiences: [[OURS.toUpperCase()]] }, 'audience-wrong'],
  ['a second restriction without us', { audiences: [[OURS], ['https://other.test']] }, 'audience-wrong'],
  // How the person logged in.
  ['no statement of it', { authnStatementXml: '' }, 'authentication-missing'],
  [
    'two statements of it',
    { authnStatementXml: '<saml:AuthnStatement></saml:AuthnStatement>'.repeat(2) },
    'authentication-missing',
  ],
  ['no time of it', { authnInstant: null }, 'authentication-missing'],
  ['a time of it that is none', { authnInstant: 'now' }, 'authentication-missing'],
  ['a time of it that is to come', { authnInstant: inSeconds(2 * MINUTE) }, 'not-yet-valid'],
  ['a session that is over', { sessionNotOnOrAfter: NOW }, 'session-over'],
  ['a session that ends some time', { sessionNotOnOrAfter: 'some time' }, 'authentication-missing'],
  ['an endless name of a session', { sessionIndex: 's'.repeat(1_025) }, 'authentication-missing'],
];

describe('an assertion that does not mean us, here and now', () => {
  it.each(wrong)('is refused: %s (SEC-111)', (_, parts, fault) => {
    expect(faultOf(respond(parts))).toBe(fault);
  });

  it.each(wrong)('is refused also where the response is signed: %s', (_, parts, fault) => {
    expect(faultOf(respond({ ...parts, sign: 'response' }))).toBe(fault);
  });

  it('is refused though the response around it names a pending request, when it is genuine and for nobody (SEC-113)', () => {
    const unsolicited = respond({ confirmationInResponseTo: null, responseInResponseTo: REQUEST_ID });

    expect(faultOf(unsolicited)).toBe('request-wrong');
  });
});

const good: [name: string, parts: Parts][] = [
  ['our entity id among others', { audiences: [['https://other.test', OURS]] }],
  ['two restrictions that both name us', { audiences: [[OURS], [OURS, 'https://other.test']] }],
  ['use once', { conditionXml: '<saml:OneTimeUse></saml:OneTimeUse>' }],
  ['no proxies', { conditionXml: '<saml:ProxyRestriction Count="0"></saml:ProxyRestriction>' }],
  ['a time in whole seconds', { notOnOrAfter: '2030-01-01T00:03:00Z' }],
  ['a time in nanoseconds', { notOnOrAfter: '2030-01-01T00:03:00.123456789Z' }],
  ['a login of last week', { authnInstant: inSeconds(-7 * DAY) }],
  ['no attributes', { attributeStatementXml: '' }],
  ['a second way to confirm it, by key', { confirmationXml: confirmations('holder-of-key', 'bearer') }],
];

function confirmations(...methods: string[]): string {
  const data = `InResponseTo="${REQUEST_ID}" NotOnOrAfter="2030-01-01T00:03:00Z" Recipient="${TEST_SERVICE_PROVIDER.assertionConsumerUrl}"`;
  return methods
    .map(
      (method) =>
        `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:${method}"><saml:SubjectConfirmationData ${data}></saml:SubjectConfirmationData></saml:SubjectConfirmation>`,
    )
    .join('');
}

describe('an assertion that means us', () => {
  it.each(good)('is accepted with %s', (_, parts) => {
    expect(faultOf(respond(parts))).toBe('accepted');
  });

  it('has one bearer, not two', () => {
    expect(faultOf(respond({ confirmationXml: confirmations('bearer', 'bearer') }))).toBe('confirmation-wrong');
  });

  it('may leave out what need not be there', () => {
    const { nameId, sessionIndex, sessionEndsAt, authenticatingAuthorities } = accept(
      respond({ nameIdFormat: null, sessionIndex: null, sessionNotOnOrAfter: null, authenticatingAuthorities: [] }),
    );

    expect({ format: nameId.format, sessionIndex, sessionEndsAt, authenticatingAuthorities }).toEqual({
      format: null,
      sessionIndex: null,
      sessionEndsAt: null,
      authenticatingAuthorities: [],
    });
  });
});

describe('the clock of an identity provider', () => {
  // The last moment at which it is accepted, and the first of the other kind, a millisecond apart.
  const edges: [name: string, parts: Parts, good: Date, bad: Date, fault: SamlFault][] = [
    ['the end of the conditions', { notOnOrAfter: NOW }, later(NOW, 59_999), later(NOW, 60_000), 'expired'],
    [
      'the end of the confirmation',
      { confirmationNotOnOrAfter: NOW },
      later(NOW, 59_999),
      later(NOW, 60_000),
      'expired',
    ],
    ['the beginning', { notBefore: inSeconds(30) }, later(NOW, -30_000), later(NOW, -30_001), 'not-yet-valid'],
    ['the login', { authnInstant: inSeconds(30) }, later(NOW, -30_000), later(NOW, -30_001), 'not-yet-valid'],
    [
      'a message to come',
      { notBefore: inSeconds(-DAY) },
      later(NOW, -60_000),
      later(NOW, -60_001),
      'issue-instant-wrong',
    ],
    [
      'an old message',
      { notOnOrAfter: inSeconds(DAY), confirmationNotOnOrAfter: inSeconds(DAY) },
      later(NOW, 6 * 60_000),
      later(NOW, 6 * 60_000 + 1),
      'issue-instant-wrong',
    ],
  ];

  it.each(edges)('may be a minute from ours, not more: %s', (_, parts, goodNow, badNow, fault) => {
    const field = respond({ authnInstant: inSeconds(-DAY), ...parts });

    expect(faultOf(field, { now: goodNow })).toBe('accepted');
    expect(faultOf(field, { now: badNow })).toBe(fault);
  });

  it('says until when the assertion could come again: the first of its ends, and a minute', () => {
    const end = (parts: Parts) => accept(respond(parts)).acceptableUntil;

    expect(end({ notOnOrAfter: inSeconds(100) })).toEqual(inSeconds(160));
    expect(end({ confirmationNotOnOrAfter: inSeconds(120) })).toEqual(inSeconds(180));
    expect(end({ notOnOrAfter: inSeconds(DAY), confirmationNotOnOrAfter: inSeconds(DAY) })).toEqual(inSeconds(360));
  });
});
