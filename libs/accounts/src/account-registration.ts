import { v7 as uuidV7 } from 'uuid';
import { type UserId, asUserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { type UserCreation, user } from '#domain/user/user.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import { type Identifier, IdentifierReservations, type Reserved } from './identifier-reservations.js';

/** An account to be made, of whatever kind. */
export interface Applicant {
  /** What it is to hold alone. */
  readonly identifiers: readonly Identifier[];
  /** What would make it, without its id and its secrets: tells beforehand whether it can be made. */
  readonly draft: UserCreation;
  /** Keeps its secrets, and says what makes it; not asked if it is there already. */
  prepare(id: UserId): Promise<UserCreation>;
}

/** An account that may be made: what is unique of it is reserved for this id. */
interface ReservedApplicant {
  readonly id: UserId;
  readonly applicant: Applicant;
  readonly reserved: readonly Reserved[];
}

/** Makes accounts, all or none: reserves what is unique of them, keeps their secrets, creates them. */
export class AccountRegistration {
  constructor(
    private readonly repository: Repository,
    private readonly reservations: IdentifierReservations,
  ) {}

  /**
   * @returns the accounts in the order of the list; the same ones when the command is repeated
   * @throws Refused
   */
  async register(applicants: readonly Applicant[], context: CommandContext): Promise<ActiveUser[]> {
    // What could not be made even if its name were free is refused before anything is reserved.
    for (const { draft } of applicants) user.decide(user.initial, draft);
    demandDistinct(applicants);
    return this.create(await this.reserve(applicants, context), context);
  }

  private async reserve(applicants: readonly Applicant[], context: CommandContext): Promise<ReservedApplicant[]> {
    const fresh: Reserved[] = [];
    const outcomes = await Promise.allSettled(
      applicants.map(async (applicant): Promise<ReservedApplicant> => {
        let id = asUserId(uuidV7({ msecs: context.now.getTime() }));
        const reserved: Reserved[] = [];
        for (const identifier of applicant.identifiers) {
          const reservation = await this.reservations.reserve(identifier, id, context);
          id = reservation.holder;
          reserved.push(reservation);
          if (reservation.fresh) fresh.push(reservation);
        }
        return { id, applicant, reserved };
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined)
      return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await this.release(fresh, context);
    throw failed.reason;
  }

  private async create(applicants: readonly ReservedApplicant[], context: CommandContext): Promise<ActiveUser[]> {
    const reserved = applicants.flatMap((each) => each.reserved);
    try {
      const prepared = await Promise.all(
        applicants.map(async (each) => ({ id: each.id, creation: await this.prepare(each) })),
      );
      // Side by side, so that the embedded store commits them in one transaction.
      const accounts = await Promise.all(prepared.map(({ id, creation }) => this.createOne(id, creation, context)));
      await Promise.all(reserved.map((each) => this.reservations.confirm(each, context)));
      return accounts;
    } catch (error) {
      const fresh = reserved.filter((each) => each.fresh);
      await this.release(fresh, context);
      throw error;
    }
  }

  /** The vault is written before the event that refers to it. */
  private async prepare({ id, applicant }: ReservedApplicant): Promise<UserCreation> {
    const { state } = await this.repository.load(user, userStream(id));
    return state.status === 'active' ? applicant.draft : applicant.prepare(id);
  }

  private async createOne(id: UserId, creation: UserCreation, context: CommandContext): Promise<ActiveUser> {
    const { state } = await this.repository.execute(user, userStream(id), creation, context);
    if (state.status !== 'active') throw new Refused('user-creation-abandoned');
    return state;
  }

  /** Gives back what no account holds, nor comes to hold: the same command may be under way a second time. */
  private async release(reserved: readonly Reserved[], context: CommandContext): Promise<void> {
    await Promise.all(
      reserved.map(async (each) => {
        const { status } = await this.reservations.abandonCreation(each.holder, context);
        if (status === 'abandoned') await this.reservations.release(each, context);
      }),
    );
  }
}

/** @throws Refused if two of them would have the same name or address */
function demandDistinct(applicants: readonly Applicant[]): void {
  const seen = new Set<string>();
  for (const [index, { identifiers }] of applicants.entries())
    for (const { kind, value } of identifiers) {
      const key = `${kind} ${normaliseIdentifier(value)}`;
      const code = kind === 'name' ? 'username-taken' : 'email-taken';
      if (seen.has(key)) throw new Refused(code, `Item ${index} has the ${kind} of an earlier item of the list.`);
      seen.add(key);
    }
}
