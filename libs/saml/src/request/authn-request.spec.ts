import { X509Certificate, verify } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isSamlRequestId } from '#domain/saml/saml-request.js';
import { messageId } from '../message-id.js';
import { TEST_HUB, TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { SP_NEW_KEY } from '../testing/keys.js';
import { authnRequestAddress } from './authn-request.js';

const now = new Date('2030-01-01T00:00:00.000Z');
const id = messageId(new Uint8Array(20).fill(0xab));
const ask = { id, now, forceAuthn: false };
const queryOf = (address: string) => address.slice(address.indexOf('?') + 1);
const xmlOf = (address: string) => {
  const message = new URLSearchParams(queryOf(address)).get('SAMLRequest') ?? '';
  return inflateRawSync(Buffer.from(message, 'base64')).toString();
};

describe('the id of a message', () => {
  it('is an underscore and 40 hexadecimal digits', async () => {
    expect(id).toBe(`_${'ab'.repeat(20)}`);
    expect([id, `${id}0`, id.slice(1), id.toUpperCase()].map(isSamlRequestId)).toEqual([true, false, false, false]);
  });
});

describe('the request for a login', () => {
  it('names us, where to answer, and the pseudonym that lasts; no class of authentication', async () => {
    const address = await authnRequestAddress(ask, TEST_SERVICE_PROVIDER, TEST_HUB);
    expect(address).toMatch(/^https:\/\/hub\.test\/sso\?SAMLRequest=/);
    expect(xmlOf(address)).toBe(
      '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"' +
        ` ID="${id}" Version="2.0" IssueInstant="2030-01-01T00:00:00.000Z" Destination="https://hub.test/sso"` +
        ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" AssertionConsumerServiceURL="https://login.authlog.test/auth/saml/acs">' +
        '<saml:Issuer>https://authlog.test/saml</saml:Issuer>' +
        '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" AllowCreate="true"/></samlp:AuthnRequest>',
    );
  });

  it('asks for a fresh proof where that is wanted (SEC-116)', async () =>
    expect(xmlOf(await authnRequestAddress({ ...ask, forceAuthn: true }, TEST_SERVICE_PROVIDER, TEST_HUB))).toContain(
      ' ForceAuthn="true" ',
    ));

  it('is signed with the first key, over the query as it is sent, and carries no state (SEC-113)', async () => {
    const [signed = '', signature = ''] = queryOf(
      await authnRequestAddress(ask, TEST_SERVICE_PROVIDER, TEST_HUB),
    ).split('&Signature=');
    expect([...new URLSearchParams(signed).keys()]).toEqual(['SAMLRequest', 'SigAlg']);
    expect(new URLSearchParams(signed).get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
    const { publicKey } = new X509Certificate(SP_NEW_KEY.certificate);
    const bytes = Buffer.from(decodeURIComponent(signature), 'base64');
    expect(verify('sha256', Buffer.from(signed), publicKey, bytes)).toBe(true);
  });

  it('is not signed without a key', async () => {
    const address = await authnRequestAddress(ask, { ...TEST_SERVICE_PROVIDER, keys: [] }, TEST_HUB);
    expect([...new URL(address).searchParams.keys()]).toEqual(['SAMLRequest']);
  });

  it('has in it what is written in settings, whatever that is', async () => {
    const sp = { ...TEST_SERVICE_PROVIDER, entityId: 'urn:x:<&">' };
    expect(xmlOf(await authnRequestAddress(ask, sp, TEST_HUB))).toContain('<saml:Issuer>urn:x:&lt;&amp;&quot;&gt;<');
  });
});
