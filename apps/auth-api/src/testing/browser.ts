import type { TestAnswer, TestApp } from './test-app.js';

type Options = NonNullable<Parameters<TestApp['call']>[2]>;

/** What keeps the cookies that it is given, and sends them all: whether it should is for a real browser to say. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(private readonly app: TestApp) {}

  async get(url: string, options: Options = {}): Promise<TestAnswer> {
    return this.call('GET', url, options);
  }

  async post(url: string, options: Options = {}): Promise<TestAnswer> {
    return this.call('POST', url, options);
  }

  private async call(method: 'GET' | 'POST', url: string, options: Options): Promise<TestAnswer> {
    const cookies = Object.fromEntries(this.cookies);
    const answer = await this.app.call(method, url, { ...options, cookies: { ...cookies, ...options.cookies } });
    for (const { name, value } of answer.cookies)
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    return answer;
  }
}
