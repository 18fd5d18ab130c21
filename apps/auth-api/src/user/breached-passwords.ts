import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Log } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { Settings } from '#host/settings.js';

/** What a source of breached passwords says of one; `unavailable`: it could not be asked. */
export type BreachFinding = 'breached' | 'clear' | 'unavailable';

/** So many of the 40 hexadecimal digits of the SHA-1 are sent; each range has hundreds of passwords. */
const RANGE_DIGITS = 5;
/** Somebody waits for it. */
const TIMEOUT_MS = 2_000;

/**
 * Asks whether a password is known from breaches, where the settings name a source: the range queries of Have I Been Pwned
 * (https://haveibeenpwned.com/API/v3#PwnedPasswords), or a mirror of it. It learns neither the password nor its hash, only
 * the first 20 bits of that (SEC-06). Nobody is asked by default.
 */
@Injectable()
export class BreachedPasswords {
  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  /** Never fails: what cannot be found out must not keep anybody from choosing a password. */
  async find(password: string): Promise<BreachFinding> {
    const { breachedPasswords } = this.settings;
    if (breachedPasswords === null) return 'clear';
    const finding = await this.ask(breachedPasswords.rangeUrl, password);
    this.metrics.breachChecks.inc({ finding });
    return finding;
  }

  private async ask(rangeUrl: string, password: string): Promise<BreachFinding> {
    const hash = createHash('sha1').update(password.normalize('NFKC')).digest('hex').toUpperCase();
    try {
      const answer = await fetch(rangeUrl + hash.slice(0, RANGE_DIGITS), {
        // Ranges of different lengths would tell an eavesdropper which one it was.
        headers: { 'Add-Padding': 'true', 'User-Agent': 'authlog' },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      return isListed(hash.slice(RANGE_DIGITS), await answer.text()) ? 'breached' : 'clear';
    } catch (error) {
      this.log.warn({ error }, 'a password was chosen without knowing whether it was in a breach');
      return 'unavailable';
    }
  }
}

/**
 * Lines of `<rest of the SHA-1>:<how often it was seen>`; those that were never seen are padding.
 * @throws Error if it is something else, such as the page of a proxy
 */
function isListed(rest: string, range: string): boolean {
  const lines = range.split(/\r?\n/).filter((line) => line !== '');
  if (lines.some((line) => !/^[0-9A-F]{35}:[0-9]{1,12}$/i.test(line)))
    throw new Error('it answered no range of hashes');
  return lines.some((line) => {
    const [suffix, count] = line.split(':');
    return suffix?.toUpperCase() === rest && Number(count) > 0;
  });
}
