import type { Caller } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';

/** For calls that only principals may make whom the settings name. @throws Refused `caller-not-listed` */
export function demandListed({ username }: Caller, setting: string, listed: ReadonlySet<string>): void {
  if (!listed.has(username))
    throw new Refused('caller-not-listed', `Only the callers named in the setting ${setting} may make this call.`);
}
