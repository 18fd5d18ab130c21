import { randomUUID } from 'node:crypto';
import type { UserId } from '#domain/ids.js';
import type { RecordedCode } from '#domain/refusal/recorded-refusals.js';
import type { RefusedSamlMessage } from '#domain/refusal/refusal.js';
import { ANONYMOUS, type Actor } from '../request-context.js';
import { type Whereabouts, whereaboutsOf } from './whereabouts.js';

/** A request that was refused: who asked for what, and what came up. */
export interface RefusedRequest extends Whereabouts {
  readonly code: RecordedCode;
  /** Method and pattern of the route; null where several are counted together. */
  readonly call: string | null;
  readonly actor: Actor;
  /** The caller, or whose token or challenge was shown; null for not known. */
  readonly userId: UserId | null;
  readonly identifierDigest: string | null;
  /** What was wrong with a SAML message; null where it was none. */
  readonly saml: RefusedSamlMessage | null;
  /** Of the first, where several are counted together. */
  readonly correlationId: string;
}

/** Requests that are recorded together. */
export interface Tally {
  readonly request: RefusedRequest;
  /** Of the command that records them: the same however often it is tried. */
  readonly commandId: string;
  count: number;
  readonly firstAt: Date;
  lastAt: Date;
}

/** What is counted of a minute, beside its first. */
interface Window {
  rest: Tally | null;
}

const MINUTE_MS = 60_000;

/** So many different refusals a minute of one client, of one network, and of everybody are told apart. */
export const TOLD_APART = { address: 20, network: 60, everybody: 300 } as const;

/** One way to count a request, finer or coarser. */
interface Grain {
  readonly key: string;
  readonly request: RefusedRequest;
  /** Whose shares it takes up, by key: how much there is of each. */
  readonly shares: ReadonlyMap<string, number>;
}

/**
 * Counts what is refused by the minute, so that a flood leaves few events and takes up little memory, whoever sends it. The first
 * refusal of its kind is to be recorded at once; what is alike and follows within the minute is counted, and recorded when it is
 * over. Who causes too many different ones is told apart by address only, then by network, and in the end not at all.
 */
export class RefusalWindows {
  private minute = 0;
  private readonly windows = new Map<string, Window>();
  private readonly used = new Map<string, number>();

  /** @returns what is to be recorded now: the minutes that are over, and the request if it is the first of its kind */
  count(request: RefusedRequest, now: Date): readonly Tally[] {
    const over = this.over(now);
    const grain = grainsOf(request).find((each) => this.windows.has(each.key) || this.hasRoom(each));
    if (grain === undefined) {
      add(this.windowOf(causeOf(request)), overall(request), now);
      return over;
    }
    const known = this.windows.get(grain.key);
    if (known !== undefined) {
      add(known, grain.request, now);
      return over;
    }
    for (const share of grain.shares.keys()) this.used.set(share, (this.used.get(share) ?? 0) + 1);
    this.windows.set(grain.key, { rest: null });
    return [...over, tallyOf(grain.request, now)];
  }

  /** What was counted in a minute that is over by now; nothing while it is not. */
  over(now: Date): readonly Tally[] {
    const minute = Math.floor(now.getTime() / MINUTE_MS);
    if (minute === this.minute) return [];
    this.minute = minute;
    return this.close();
  }

  /** What has been counted, whether the minute is over or not. */
  close(): readonly Tally[] {
    const counted = [...this.windows.values()].flatMap(({ rest }) => rest ?? []);
    this.windows.clear();
    this.used.clear();
    return counted;
  }

  private hasRoom({ shares }: Grain): boolean {
    return [...shares].every(([share, most]) => (this.used.get(share) ?? 0) < most);
  }

  /** For what is not told apart any more; nothing of it is recorded before the minute is over. There are few causes. */
  private windowOf(cause: string): Window {
    const known = this.windows.get(cause) ?? { rest: null };
    this.windows.set(cause, known);
    return known;
  }
}

/** The code, and of a SAML message its fault; of all that it says nothing else is ours. */
const causeOf = ({ code, saml }: RefusedRequest) => (saml === null ? code : `${code} ${saml.fault}`);

function grainsOf(request: RefusedRequest): readonly Grain[] {
  const { call, actor, userId, identifierDigest, saml, address, network, ipAddress } = request;
  const cause = causeOf(request);
  const several = { ...overall(request), address, network, ipAddress };
  const exact = [cause, saml?.identityProvider, call, actor.sessionId, userId, identifierDigest, address].join(' ');
  const everybody = ['everybody', TOLD_APART.everybody] as const;
  const ofNetwork = [`network ${network}`, TOLD_APART.network] as const;
  const ofAddress = [`address ${address}`, TOLD_APART.address] as const;
  return [
    { key: exact, request, shares: new Map([ofAddress, ofNetwork, everybody]) },
    { key: `${cause} from ${address}`, request: several, shares: new Map([ofNetwork, everybody]) },
    {
      key: `${cause} around ${network}`,
      request: { ...several, address: null, ipAddress: null },
      shares: new Map([everybody]),
    },
  ];
}

/** All that is said of requests that are not told apart. */
const overall = ({ code, saml, correlationId }: RefusedRequest): RefusedRequest => ({
  code,
  call: null,
  actor: ANONYMOUS,
  userId: null,
  identifierDigest: null,
  saml: saml && { fault: saml.fault, identityProvider: null, requestId: null },
  correlationId,
  ...whereaboutsOf(null),
});

const tallyOf = (request: RefusedRequest, now: Date): Tally => ({
  request,
  commandId: randomUUID(),
  count: 1,
  firstAt: now,
  lastAt: now,
});

function add(window: Window, request: RefusedRequest, now: Date): void {
  if (window.rest === null) window.rest = tallyOf(request, now);
  else {
    window.rest.count += 1;
    window.rest.lastAt = now;
  }
}
