import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSessionId, asUserId } from '../ids.js';
import { Refused } from '../refused.js';
import { stateAfter } from '../testing/scenario.js';
import { adaCreated } from '../testing/users.js';
import type { User } from '../user/user-state.js';
import { user } from '../user/user.js';
import { session } from './session.js';
import type { SessionEvent } from './session-events.js';
import { type Session, causeOfDeath } from './session-state.js';

const id = asSessionId('session-1');
const START = Date.parse('2030-01-01T00:00:00.000Z');

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  /** Somebody shows one of the secrets handed out so far; the thief has them all, lost answers are sent again. */
  | { readonly kind: 'refresh' | 'log-out'; readonly secret: number }
  | { readonly kind: 'invent' }
  | { readonly kind: 'end' }
  | { readonly kind: 'invalidate'; readonly spare: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 5_000, 10_000, 86_400_000) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('refresh' as const), secret: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('log-out' as const), secret: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'invent' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'end' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('invalidate' as const), spare: fc.boolean() }) },
);

/** One session, its owner and everyone who ever held one of its secrets. */
class World {
  now = START;
  owner: User = stateAfter(user, [adaCreated]);
  state: Session = session.initial;
  /** Newest first. */
  readonly secrets = ['s'];
  readonly answers = new Map<string, Set<string>>();
  died = false;

  constructor(rotates: boolean) {
    const service = { name: 'web', rotates, refreshTokenExpiresAfterMs: null };
    const trace = { ipAddress: null, userAgent: null };
    const opening = { owner: this.activeOwner(), secretHash: 's', scopes: ['all:write'], now: this.date(), ...trace };
    this.append(session.decide(this.state, { type: 'LogIn', service, amr: ['pwd'], ...opening }));
  }

  take(next: Step): void {
    switch (next.kind) {
      case 'wait':
        this.now += next.ms;
        return;
      case 'refresh': {
        const secret = this.held(next.secret);
        const answer = this.refresh(secret);
        if (answer === null) return;
        this.answers.set(secret, (this.answers.get(secret) ?? new Set()).add(answer));
        if (!this.secrets.includes(answer)) this.secrets.unshift(answer);
        return;
      }
      case 'invent':
        this.attempt(() => session.decide(this.state, this.refreshCommand('invented', false)));
        return;
      case 'log-out': {
        const presented = { hash: this.held(next.secret), genuine: true };
        this.attempt(() =>
          session.decide(this.state, { type: 'LogOut', presented, reason: 'logout', now: this.date() }),
        );
        return;
      }
      case 'end':
        this.attempt(() =>
          session.decide(this.state, { type: 'EndSession', owner: asUserId('ada'), reason: 'ended-by-owner' }),
        );
        return;
      case 'invalidate': {
        const spare =
          next.spare && this.isAlive() && this.state.status === 'open' ? { id, epoch: this.state.epoch } : null;
        for (const event of user.decide(this.owner, { type: 'InvalidateSessions', spare }))
          this.owner = user.evolve(this.owner, event, this.date());
        return;
      }
    }
  }

  isAlive = () => causeOfDeath(id, this.state, this.surroundings(), this.date()) === null;

  /** The secrets that would lead to a further one now. */
  livingBranches(): readonly string[] {
    return this.secrets.filter((secret) => {
      try {
        return session
          .decide(this.state, this.refreshCommand(secret, true))
          .some(({ type, data }) => type === 'SessionRefreshed' && data.secretHash !== undefined);
      } catch {
        return false;
      }
    });
  }

  /** What a refresh answers: the next secret, or null if it is refused. */
  refresh(secret: string): string | null {
    if (!this.attempt(() => session.decide(this.state, this.refreshCommand(secret, true)))) return null;
    if (this.state.status !== 'open') return null;
    return this.state.rotates ? `${secret}'` : secret;
  }

  private attempt(decide: () => readonly SessionEvent[]): boolean {
    try {
      this.append(decide());
      return true;
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  }

  private append(events: readonly SessionEvent[]): void {
    for (const event of events) this.state = session.evolve(this.state, event, this.date());
  }

  private refreshCommand(hash: string, genuine: boolean) {
    return {
      type: 'RefreshSession',
      id,
      presented: { hash, genuine },
      successorHash: `${hash}'`,
      surroundings: this.surroundings(),
      now: this.date(),
    } as const;
  }

  private held = (index: number) => this.secrets[index % this.secrets.length] ?? 's';
  private date = () => new Date(this.now);
  private activeOwner = () => {
    if (this.owner.status !== 'active') throw new Error('the owner is never abandoned here');
    return this.owner;
  };
  private surroundings = () => ({ owner: this.activeOwner(), ancestorsAlive: true });
}

describe('any interleaving of refreshes, retries, thefts, ends and invalidations', () => {
  it('never leaves two living branches, and no life after the end (SEC-89, SEC-90, SEC-91)', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 40 }), (rotates, steps) => {
        const world = new World(rotates);
        let died = false;
        for (const next of steps) {
          world.take(next);
          expect(world.livingBranches().length).toBeLessThanOrEqual(1);
          for (const answers of world.answers.values()) expect(answers.size).toBe(1);
          if (died) expect(world.isAlive()).toBe(false);
          died ||= !world.isAlive();
          if (died) expect(world.secrets.map((secret) => world.refresh(secret))).not.toContainEqual(expect.any(String));
        }
      }),
      { numRuns: 1_000, seed: 20_301 },
    );
  });

  it('keeps a session alive for the one who uses it honestly, however often answers are lost', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 30 }), (delays) => {
        const world = new World(true);
        let secret = 's';
        for (const delay of delays) {
          const first = world.refresh(secret);
          world.now += delay;
          const again = world.refresh(secret);
          expect(again).toBe(first);
          secret = again ?? '';
          world.now += 60_000;
        }
        expect(world.isAlive()).toBe(true);
      }),
      { seed: 20_302 },
    );
  });
});
