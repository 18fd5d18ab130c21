import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { DatabaseKind } from '#database/testing/test-place.js';
import { type HubResponse, hubResponse } from '#saml/testing/hub-response.js';
import { HUB_NEW_KEY, HUB_OLD_KEY, SP_NEW_KEY } from '#saml/testing/keys.js';
import { Browser } from './browser.js';
import { ORIGIN, type TestAnswer, TestApp, type TestTokens, refusal } from './test-app.js';

export const SP_ENTITY_ID = 'https://authlog.test/saml';
export const HUB = 'https://hub.test';
export const ACS = `${ORIGIN}/auth/saml/acs`;
export const SLS = `${ORIGIN}/auth/saml/sls`;
const SLO = `${HUB}/slo`;

const KEY_FILES = {
  'sp.key': SP_NEW_KEY.privateKey,
  'sp.crt': SP_NEW_KEY.certificate,
  'hub-old.crt': HUB_OLD_KEY.certificate,
  'hub-new.crt': HUB_NEW_KEY.certificate,
};

const samlSettings = (folder: string) => `
saml:
  entityId: ${SP_ENTITY_ID}
  keys: [{ privateKey: ${folder}/sp.key, certificate: ${folder}/sp.crt }]
  service:
    name: { da: Prøvetjenesten, en: The test service }
    description: { da: Til prøver, en: For tests }
  identityProviders:
    - name: hub
      entityId: ${HUB}
      singleSignOnUrl: ${HUB}/sso
      singleLogoutUrl: ${SLO}
      certificates: [${folder}/hub-old.crt, ${folder}/hub-new.crt]
`;

/** The id of the request that an address sends a browser to an identity provider with. */
export function sentMessage(location: string): { readonly url: URL; readonly xml: string; readonly id: string } {
  const url = new URL(location);
  const message = url.searchParams.get('SAMLRequest') ?? url.searchParams.get('SAMLResponse') ?? '';
  const xml = inflateRawSync(Buffer.from(message, 'base64')).toString();
  return { url, xml, id: / ID="([^"]+)"/.exec(xml)?.[1] ?? '' };
}

export type Person = Partial<Omit<HubResponse, 'requestId' | 'now'>>;

const NAMES = {
  subject: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10',
  firstNames: 'urn:oid:2.5.4.42',
  lastName: 'urn:oid:2.5.4.4',
  mail: 'urn:oid:0.9.2342.19200300.100.1.3',
  organization: 'urn:oid:1.3.6.1.4.1.25178.1.2.9',
} as const;

/** Somebody of an institution; what is said of them may be something else, or several things. */
export const person = (subject: string, said: Partial<Record<keyof typeof NAMES, readonly string[]>> = {}): Person => {
  const all = {
    subject: [`WAYF-DK-${subject}`],
    firstNames: [subject],
    lastName: ['Tester'],
    organization: ['sdu.dk'],
    ...said,
  };
  const attributes = Object.entries(all).map(([name, values]) => [NAMES[name as keyof typeof NAMES], values] as const);
  return { nameId: `WAYF-DK-${subject}`, attributes };
};

/** What every message is answered that is refused for what it says. */
export const REFUSED = refusal('saml-login-refused', 401);

/** The API with an identity provider that says whatever a test wants. */
export class SamlApp {
  private constructor(
    readonly app: TestApp,
    private readonly folder: string,
  ) {}

  /** @param more what follows in the settings, as YAML; the folder has the files of the keys */
  static async start(more: (folder: string) => string = () => '', kind?: DatabaseKind): Promise<SamlApp> {
    const folder = mkdtempSync(join(tmpdir(), 'authlog-saml-'));
    for (const [name, pem] of Object.entries(KEY_FILES)) writeFileSync(join(folder, name), pem);
    return new SamlApp(await TestApp.start(`${samlSettings(folder)}${more(folder)}`, kind), folder);
  }

  async close(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true });
  }

  browser(): Browser {
    return new Browser(this.app);
  }

  /** @returns the id of the request that the browser takes to the identity provider */
  async begin(browser: Browser, service = 'cli', more = ''): Promise<string> {
    const { status, headers, text } = await browser.get(`/auth/saml/login?service=${service}${more}`);
    if (status !== 302) throw new Error(`the login answered ${status} ${text}`);
    return sentMessage(String(headers['location'])).id;
  }

  /** What the identity provider has the browser post. */
  response(requestId: string, person: Person = {}): string {
    const now = this.app.clock.now();
    const here = { destination: ACS, recipient: ACS, audiences: [[SP_ENTITY_ID]] };
    return hubResponse({ requestId, now, ...here, ...person });
  }

  async post(browser: Browser, response: string, headers: Readonly<Record<string, string>> = {}): Promise<TestAnswer> {
    return browser.post('/auth/saml/acs', {
      form: { SAMLResponse: response },
      headers: { accept: 'application/json', origin: HUB, 'sec-fetch-site': 'cross-site', ...headers },
    });
  }

  /** A whole login. */
  async tryLogIn(person: Person = {}, browser = this.browser(), service = 'cli'): Promise<TestAnswer> {
    return this.post(browser, this.response(await this.begin(browser, service), person));
  }

  /** @throws Error unless it succeeds */
  async logIn(person: Person = {}, browser = this.browser(), service = 'cli'): Promise<TestTokens> {
    const { status, text, json } = await this.tryLogIn(person, browser, service);
    if (status !== 200) throw new Error(`the login answered ${status} ${text}`);
    return json as unknown as TestTokens;
  }
}
