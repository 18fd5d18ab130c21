import { ADMIN_PASSWORD, SERVICE_TOKEN } from './processes.mjs';
import { Connection, expectStatus } from './http-client.mjs';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'content-type': 'application/json' };
const bearer = (token) => ({ authorization: `Bearer ${token}` });

export const PASSWORD = 'the password of everyone';
const AT_ONCE = 50;

/** What the scenarios ask of authlog. */
export class Authlog {
  constructor(url) {
    this.connection = new Connection(url);
  }

  async logIn(username, service, connection = this.connection) {
    const password = username === 'admin' ? ADMIN_PASSWORD : PASSWORD;
    const body = new URLSearchParams({ username, password, service }).toString();
    const headers = { ...FORM, accept: 'application/json' };
    return JSON.parse(expectStatus(await connection.request('POST', '/auth/login', headers, body), 200).body);
  }

  async refresh(token, connection = this.connection) {
    return JSON.parse(expectStatus(await connection.request('POST', '/auth/refresh', bearer(token)), 200).body);
  }

  async asService() {
    return (await this.refresh(SERVICE_TOKEN)).accessToken;
  }

  /** Makes people named `<prefix>-<n>`, each with a session. @returns {Promise<object[]>} their tokens */
  async createPeople(prefix, count) {
    const tokens = [];
    for (let from = 0; from < count; from += AT_ONCE) {
      const people = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => {
        const username = `${prefix}-${from + n}`;
        return { username, password: PASSWORD, email: `${username}@example.org` };
      });
      const headers = { ...JSON_BODY, ...bearer(await this.asService()) };
      const answer = await this.connection.request('POST', '/auth/users/register', headers, JSON.stringify(people));
      tokens.push(...JSON.parse(expectStatus(answer, 200).body));
    }
    return tokens;
  }

  async get(path, token, connection = this.connection) {
    return expectStatus(await connection.request('GET', path, bearer(token)), 200).body;
  }

  async post(path, token, connection = this.connection) {
    return expectStatus(await connection.request('POST', path, bearer(token)), 200).body;
  }

  close() {
    this.connection.close();
  }
}

/** What the scenarios ask of better-auth. */
export class BetterAuth {
  constructor(url) {
    this.connection = new Connection(url);
  }

  async signUp(email) {
    return this.#cookieFrom('/api/auth/sign-up/email', { email, password: PASSWORD, name: email });
  }

  async signIn(email, connection = this.connection) {
    return this.#cookieFrom('/api/auth/sign-in/email', { email, password: PASSWORD }, connection);
  }

  async get(path, cookie, connection = this.connection) {
    return expectStatus(await connection.request('GET', path, { cookie }), 200).body;
  }

  async #cookieFrom(path, body, connection = this.connection) {
    const headers = { ...JSON_BODY, origin: 'http://127.0.0.1' };
    const { head } = expectStatus(await connection.request('POST', path, headers, JSON.stringify(body)), 200);
    return /set-cookie: ([^;]+)/i.exec(head)[1];
  }

  close() {
    this.connection.close();
  }
}
