import type { SamlFault } from '#domain/saml/saml-fault.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { type ResponseExpectations, receiveResponse } from '../response/receive-response.js';
import type { VerifiedAssertion } from '../verified-assertion.js';
import { type HubResponse, hubResponse, hubResponseXml, toField } from './hub-response.js';
import { TEST_HUB, TEST_SERVICE_PROVIDER } from './parties.js';

export const NOW = new Date('2029-12-31T23:59:00.000Z');
export const REQUEST_ID = '_0123456789abcdef0123456789abcdef01234567';

/** As of the request of NOW; the hub is the only identity provider. */
export const EXPECTATIONS: ResponseExpectations = {
  serviceProvider: TEST_SERVICE_PROVIDER,
  identityProvider: (entityId) => (entityId === TEST_HUB.entityId ? TEST_HUB : null),
  now: NOW,
};

type Parts = Partial<HubResponse>;

/** A response of the hub to the request of NOW, but for what is said. */
export const respond = (parts: Parts = {}): string => hubResponse({ requestId: REQUEST_ID, now: NOW, ...parts });
export const respondXml = (parts: Parts = {}): string => hubResponseXml({ requestId: REQUEST_ID, now: NOW, ...parts });

/** A response, changed after it was signed. */
export function tamper(change: (xml: string) => string, parts: Parts = {}): string {
  const xml = respondXml(parts);
  const changed = change(xml);
  if (changed === xml) throw new Error('nothing was changed');
  return toField(changed);
}

export const accept = (field: string, expectations: Partial<ResponseExpectations> = {}): VerifiedAssertion =>
  receiveResponse(field, { ...EXPECTATIONS, ...expectations }).verify();

/** Why it is refused; `accepted` otherwise. Any other error comes through. */
export function faultOf(field: string, expectations: Partial<ResponseExpectations> = {}): SamlFault | 'accepted' {
  try {
    accept(field, expectations);
    return 'accepted';
  } catch (error) {
    if (error instanceof SamlRefused) return error.fault;
    throw error;
  }
}
