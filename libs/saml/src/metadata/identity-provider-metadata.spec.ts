import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HUB_NEW_KEY, HUB_OLD_KEY, SP_NEW_KEY, STRANGER_KEY } from '../testing/keys.js';
import { HUB_METADATA, type MetadataSigning, entityXml, feedXml, signMetadata } from '../testing/signed-metadata.js';
import { type MetadataExpectation, readIdentityProviderMetadata } from './identity-provider-metadata.js';
import { MetadataRefused } from './metadata-refused.js';

const now = new Date('2030-01-01T00:00:00.000Z');
/** Of the federation, with which it signs its feed. */
const FEED_KEY = SP_NEW_KEY;
const unsigned: MetadataExpectation = { entityId: 'https://wayf.wayf.dk', signers: null, now };
const pinned: MetadataExpectation = { ...unsigned, signers: [FEED_KEY.certificate] };

const whyRefused = (xml: string, expected = unsigned): string => {
  try {
    readIdentityProviderMetadata(xml, expected);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(MetadataRefused);
    return (error as Error).message;
  }
};
const signed = (xml: string, signing: Partial<MetadataSigning> = {}) =>
  signMetadata(xml, { privateKey: FEED_KEY.privateKey, ...signing });
const feed = feedXml(entityXml({ entityId: 'https://other.example' }) + entityXml());

describe('metadata of an identity provider', () => {
  it('says where to log in and out, and by which keys it signs', () => {
    const { signingCertificates, ...rest } = readIdentityProviderMetadata(entityXml(), unsigned);
    expect(rest).toEqual({
      singleSignOnUrl: 'https://wayf.wayf.dk/saml2/idp/SSOService2.php',
      singleLogoutUrl: 'https://wayf.wayf.dk/saml2/idp/SingleLogoutService.php',
      scopes: null,
      wantsSignedRequests: false,
      validUntil: null,
    });
    const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;
    expect(signingCertificates.map(fingerprint)).toEqual(
      [HUB_OLD_KEY, HUB_NEW_KEY].map(({ certificate }) => fingerprint(certificate)),
    );
  });

  it('is found in a feed, also in a group within it', () => {
    const grouped = feedXml(feedXml(entityXml({ attributes: 'validUntil="2030-02-01T00:00:00Z"' }), ''));
    expect(readIdentityProviderMetadata(grouped, unsigned).validUntil).toEqual(new Date('2030-02-01T00:00:00Z'));
  });

  it('names the domains that may be spoken for; patterns are none (SEC-114)', () => {
    const extensions =
      '<md:Extensions><shibmd:Scope regexp="false">SDU.dk</shibmd:Scope><shibmd:Scope>ku.dk</shibmd:Scope><shibmd:Scope regexp="true">.*</shibmd:Scope></md:Extensions>';
    expect(readIdentityProviderMetadata(entityXml({ extensions }), unsigned).scopes).toEqual(['sdu.dk', 'ku.dk']);
    const pattern = '<md:Extensions><shibmd:Scope regexp="true">.*</shibmd:Scope></md:Extensions>';
    expect(readIdentityProviderMetadata(entityXml({ extensions: pattern }), unsigned).scopes).toEqual([]);
  });

  it('takes keys that sign, or do not say what they are for, and may have no logout', () => {
    const { keys } = HUB_METADATA;
    const forBoth = keys.replace(' use="signing"', '');
    expect(readIdentityProviderMetadata(entityXml({ keys: forBoth }), unsigned).signingCertificates).toHaveLength(2);
    const oneEncrypts = keys.replace('use="signing"', 'use="encryption"');
    expect(readIdentityProviderMetadata(entityXml({ keys: oneEncrypts }), unsigned).signingCertificates).toHaveLength(
      1,
    );
    for (const logout of ['', HUB_METADATA.logout.replace('https:', 'http:')])
      expect(readIdentityProviderMetadata(entityXml({ logout }), unsigned).singleLogoutUrl).toBeNull();
  });

  it('is used until the earliest validUntil, and then no more (SEC-115)', () => {
    const bounded = feedXml(entityXml(), 'ID="_feed" validUntil="2030-01-01T00:00:00.001Z"');
    expect(whyRefused(bounded)).toBe('accepted');
    expect(whyRefused(bounded, { ...unsigned, now: new Date('2030-01-01T00:00:00.001Z') })).toBe(
      'is over since 2030-01-01T00:00:00.001Z (validUntil)',
    );
  });

  const { login, keys } = HUB_METADATA;
  for (const [what, xml, why] of [
    ['of somebody else', entityXml({ entityId: 'https://other.example' }), 'has no entity https://wayf.wayf.dk'],
    ['that says it twice', feedXml(entityXml() + entityXml()), 'more than once'],
    ['of a service', entityXml().replaceAll('IDPSSO', 'SPSSO'), 'does not describe https://wayf.wayf.dk as an'],
    ['of SAML 1.1', entityXml().replace('2.0:protocol', '1.1:protocol'), 'does not describe'],
    ['without a place to log in', entityXml({ login: '' }), 'has no SingleSignOnService by HTTP-Redirect'],
    ['by POST only', entityXml({ login: login.replace('Redirect', 'POST') }), 'has no SingleSignOnService'],
    [
      'with a login in clear',
      entityXml({ login: login.replace('https://w', 'http://w') }),
      'has no SingleSignOnService by HTTP-Redirect with an https',
    ],
    [
      'with a login by script',
      entityXml({ login: login.replace('https:', 'javascript:') }),
      'has no SingleSignOnService by HTTP-Redirect with an https',
    ],
    ['without keys', entityXml({ keys: '' }), 'has no certificate of an RSA key'],
    ['with keys that are none', entityXml({ keys: keys.replaceAll('MII', 'AAA') }), 'has no certificate of an RSA key'],
    ['that ends at no time', entityXml({ attributes: 'validUntil="soon"' }), 'has a validUntil that is no time'],
    ['with a DOCTYPE', `<!DOCTYPE a>${entityXml()}`, 'is no XML that can be used: markup-forbidden'],
    ['that is a page', '<html/>', 'is no EntityDescriptor'],
    ['that is empty', '', 'is no XML that can be used'],
  ] as const)
    it(`${what} is refused`, () => expect(whyRefused(xml)).toContain(why));
});

describe('a signed feed', () => {
  it('is read when the pinned key has signed it, by its id or as the whole document (SEC-115)', () => {
    expect(whyRefused(signed(feed), pinned)).toBe('accepted');
    expect(whyRefused(signed(entityXml({ attributes: 'ID="_1"' })), pinned)).toBe('accepted');
    const whole = signed(feed).replace(/^/, '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a feed -->\n');
    expect(whyRefused(whole, pinned)).toBe('accepted');
    const sha512 = {
      algorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
      digest: 'http://www.w3.org/2001/04/xmlenc#sha512',
    };
    expect(whyRefused(signed(feed, sha512), pinned)).toBe('accepted');
  });

  it('may be signed with any of several pinned keys, while one takes the place of another', () => {
    const signers = [HUB_NEW_KEY.certificate, FEED_KEY.certificate];
    expect(whyRefused(signed(feed), { ...pinned, signers })).toBe('accepted');
  });

  const changed = 'was changed after it was signed, or signed with another key';
  const stranger = { privateKey: STRANGER_KEY.privateKey };
  const ownCertificate = `<ds:X509Data><ds:X509Certificate>${new X509Certificate(STRANGER_KEY.certificate).raw.toString('base64')}</ds:X509Certificate></ds:X509Data>`;
  const forged = entityXml({ login: HUB_METADATA.login.replace('wayf.wayf.dk', 'evil.example') });
  const genuine = signed(feed);
  const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(genuine)?.[0] ?? '';
  const c14n = 'http://www.w3.org/2001/10/xml-exc-c14n#';
  const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

  for (const [what, xml, why] of [
    ['that is not signed', feed, 'is not signed'],
    ['whose signature was stripped', genuine.replace(signature, ''), 'is not signed'],
    ['that was tampered with', genuine.replaceAll('SSOService2', 'SSOService3'), changed],
    ['with an entity put in', genuine.replace(/(?=<\/md:EntitiesDescriptor>)/, forged), changed],
    ['signed with another key', signed(feed, stranger), changed],
    ['that brings its own certificate', signed(feed, { ...stranger, inEveryKeyInfo: ownCertificate }), changed],
    [
      'of which only one entity is signed',
      signed(feedXml(entityXml({ attributes: 'ID="_one"' })), { reference: "//*[@ID='_one']" }),
      'in another way than as a whole',
    ],
    [
      'around one that is signed',
      `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_around">${signature}${forged}${genuine.replace(signature, '')}</md:EntitiesDescriptor>`,
      'in another way than as a whole',
    ],
    [
      'around one that is signed, of the same id',
      `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_feed">${signature}${forged}${genuine.replace(signature, '')}</md:EntitiesDescriptor>`,
      changed,
    ],
    ['signed twice', genuine.replace(signature, signature + signature), 'has more than one signature'],
    ['signed with SHA-1', signed(feed, { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }), 'not allowed'],
    ['hashed with SHA-1', signed(feed, { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }), 'not allowed'],
    ['with comments in what is signed', signed(feed, { canonicalization: `${c14n}WithComments` }), 'not allowed'],
    ['with a transform too many', signed(feed, { transforms: [enveloped, c14n, c14n] }), 'in another way'],
    ['with a transform too few', signed(feed, { transforms: [enveloped] }), 'in another way'],
    ['with an object', genuine.replace('</ds:Signature>', '<ds:Object/></ds:Signature>'), 'in another way'],
    [
      'with two references',
      genuine.replace(/<ds:Reference .*<\/ds:Reference>/s, (reference) => reference + reference),
      'in another way than as a whole',
    ],
    ['with an empty signature', genuine.replace(/(<ds:SignatureValue>)[^<]*/, '$1'), 'in another way'],
    ['that is over', signed(feedXml(entityXml(), 'ID="_feed" validUntil="2029-12-31T23:59:59Z"')), 'is over since'],
  ] as const)
    it(`${what} is refused (SEC-108, SEC-109, SEC-115)`, () => expect(whyRefused(xml, pinned)).toContain(why));
});
