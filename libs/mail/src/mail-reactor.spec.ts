import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { LONGEST_WAIT_MS, attempts, attemptsStream } from '#domain/attempts/attempts.js';
import { MAX_WRONG_ANSWERS, challenge, challengeStream } from '#domain/challenge/challenge.js';
import { asCredentialId, asUserId, userStream } from '#domain/ids.js';
import { mail, mailStream } from '#domain/mail/mail.js';
import { passwordReset, passwordResetStream } from '#domain/password-reset/password-reset.js';
import { reactorStream } from '#domain/reactor/reactor.js';
import { UNKNOWN_SOURCE } from '#domain/refusal/request-source.js';
import { adaData } from '#domain/testing/users.js';
import { user } from '#domain/user/user.js';
import { EventCodec } from '#event-store/codec.js';
import type { CommandContext } from '#event-store/envelope.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { MailTokens, splitMailToken } from '#tokens/mail-token.js';
import { MailComposer } from './mail-composer.js';
import { MailReactor } from './mail-reactor.js';
import { MailNotTaken, MailRefused, type MailTransport, type OutgoingMail } from './mail-transport.js';

const ada = asUserId('01890000-0000-7000-8000-00000000000a');
const bob = asUserId('01890000-0000-7000-8000-00000000000b');
const page = (name: string) => `https://auth.example.org/account/${name}`;
const links = {
  passwordReset: page('password-reset#{token}'),
  emailConfirmation: page('email-confirmation#{token}'),
  emailUndo: page('email-undo#{token}'),
  forgottenPassword: page('password-reset'),
};

const requestEmail = (asked: { readonly email: string; readonly heldBy: typeof bob | null; readonly now: Date }) =>
  ({
    type: 'ChangeProfile',
    firstNames: null,
    lastName: null,
    email: { type: 'RequestEmailChange', changeId: 'c', tokenHash: 'h', ...asked },
  }) as const;

/** A mail server that the test is. */
class Postbox implements MailTransport {
  readonly taken: OutgoingMail[] = [];
  tries = 0;
  /** What it does with the next ones; takes the rest. */
  readonly plan: ('busy' | 'die' | 'lose-answer' | 'refuse')[] = [];

  send(letter: OutgoingMail): Promise<string> {
    this.tries += 1;
    switch (this.plan.shift()) {
      case 'busy':
        return Promise.reject(new MailNotTaken('ECONNREFUSED'));
      case 'refuse':
        return Promise.reject(new MailRefused('550 5.1.1'));
      case 'die':
        return new Promise(() => undefined);
      case 'lose-answer':
        this.taken.push(letter);
        return new Promise(() => undefined);
      case undefined:
        this.taken.push(letter);
        return Promise.resolve('the postbox');
    }
  }
}

/** A log, a postbox, and any number of processes that send mails. */
class World {
  readonly store = new MemoryEventStore();
  readonly keys = new MemoryKeys();
  readonly codec = new EventCodec(this.keys);
  readonly repository = new Repository(this.store, this.codec);
  readonly tokens = new MailTokens(Buffer.alloc(32, 7));
  readonly postbox = new Postbox();
  readonly said: string[] = [];
  now = Date.parse('2030-01-01T12:00:00.000Z');
  private readonly waiting = new Set<() => void>();

  context = (more: Partial<CommandContext> = {}) => someContext({ now: new Date(this.now), ...more });

  async register(id = ada, email = 'ada@example.org', username = 'ada'): Promise<void> {
    const { kind: _, userId: __, ...wanted } = { ...adaData, email, username };
    await this.repository.execute(user, userStream(id), { type: 'CreateUser', id, ...wanted }, this.context());
  }

  async changePassword(n: number, more: Partial<CommandContext> = {}): Promise<void> {
    const credentialId = asCredentialId(`changed ${n}`);
    const command = { type: 'ChangePassword', replaces: null, reset: null, credentialId, spare: null } as const;
    await this.repository.execute(user, userStream(ada), command, this.context(more));
  }

  /** So many wrong passwords of Ada's, then the right one. */
  async guess(failures: number): Promise<void> {
    const stream = attemptsStream('ada');
    for (let n = 0; n < failures; n += 1) {
      this.now += LONGEST_WAIT_MS;
      const failure = { reason: 'wrong-password', userId: ada } as const;
      const now = new Date(this.now);
      const failed = { type: 'RecordFailedLogin', failure, source: UNKNOWN_SOURCE, now } as const;
      await this.repository.execute(attempts, stream, failed, this.context());
    }
    this.now += LONGEST_WAIT_MS;
    const succeeded = { type: 'RecordSuccessfulLogin', userId: ada, now: new Date(this.now) } as const;
    await this.repository.execute(attempts, stream, succeeded, this.context());
  }

  /** Ada's password, then wrong codes until the challenge is over. */
  async guessCodes(): Promise<void> {
    const stream = challengeStream(randomUUID());
    const now = new Date(this.now);
    const purpose = { kind: 'login', service: 'web', epoch: 0 } as const;
    await this.repository.execute(
      challenge,
      stream,
      { type: 'IssueChallenge', userId: ada, purpose, now },
      this.context(),
    );
    for (let n = 0; n < MAX_WRONG_ANSWERS; n += 1)
      await this.repository.execute(challenge, stream, { type: 'RecordWrongAnswer', now }, this.context());
  }

  /** A process that sends mails, until it is killed: nothing of it is heard again. */
  start(): { readonly kill: () => void; readonly stop: () => Promise<void> } {
    const stopping = new AbortController();
    let alive = true;
    const repository = new Repository(this.store, this.codec);
    const reactor = new MailReactor({
      store: this.store,
      codec: this.codec,
      repository,
      composer: new MailComposer(repository, this.tokens, { service: 'authlog', language: 'en', links }),
      transport: { send: (letter) => (alive ? this.postbox.send(letter) : new Promise(() => undefined)) },
      context: () => this.context(),
      observer: {
        dispatched: (kind, _, where) => this.said.push(`${kind} dispatched to ${where}`),
        failed: (kind, _, cause) => this.said.push(`${kind} failed: ${cause}`),
        abandoned: (kind, _, reason) => this.said.push(`${kind} abandoned: ${reason}`),
        faulted: (error) => this.said.push(`fault: ${String(error)}`),
      },
      pause: (ms, signal) => this.pause(ms, signal),
    });
    const running = reactor.run(stopping.signal);
    return {
      kill: () => {
        alive = false;
        stopping.abort();
      },
      stop: () => {
        stopping.abort();
        return running;
      },
    };
  }

  /** Lets time pass, and everybody do what is due then. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const wake of this.waiting) wake();
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 60; turn += 1) await nextTurn();
  }

  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    const until = this.now + ms;
    while (this.now < until && !signal.aborted)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    if (signal.aborted) throw new Error('aborted');
  }
}

let world: World;
beforeEach(async () => {
  world = new World();
  await world.register();
});

describe('a mail', () => {
  it('is sent for what happens, in the language of who did it', async () => {
    const process = world.start();
    await world.settle();
    await world.changePassword(1, { actor: ada, actorKind: 'user', language: 'da' });
    await world.changePassword(2, { actor: bob, actorKind: 'admin', language: 'da' });
    await world.settle();
    expect(world.postbox.taken.map(({ to, subject }) => [to, subject])).toEqual([
      ['ada@example.org', 'Din adgangskode til authlog er ændret'],
      ['ada@example.org', 'Your password for authlog was changed'],
    ]);
    await process.stop();
  });

  it('tells of a right password after five wrong ones or more, or with wrong codes after it (SEC-30)', async () => {
    const process = world.start();
    await world.settle();
    await world.guess(4);
    await world.guess(6);
    await world.guessCodes();
    await world.settle();
    expect(world.postbox.taken.map(({ to, subject }) => [to, subject])).toEqual([
      ['ada@example.org', 'A login to authlog after wrong passwords'],
      ['ada@example.org', 'Wrong codes at authlog'],
    ]);
    expect(world.postbox.taken[0]?.text).toContain('after 6 wrong ones');
    await process.stop();
  });

  it('is not sent for what happened before the first start', async () => {
    await world.changePassword(1);
    const process = world.start();
    await world.settle();
    expect(world.postbox.tries).toBe(0);
    await process.stop();
  });

  it('goes to earlier addresses too while they can take the account back (SEC-62)', async () => {
    const process = world.start();
    await world.settle();
    const execute = (command: Parameters<typeof user.decide>[1]) =>
      world.repository.execute(user, userStream(ada), command, world.context());
    const now = new Date(world.now);
    const email = 'eve@example.org';
    await execute(requestEmail({ email, heldBy: null, now }));
    await execute({ type: 'ConfirmEmailChange', presentedHash: 'h', undoTokenHash: 'u', now });
    await world.changePassword(1);
    await world.settle();
    expect(world.postbox.taken.map(({ to, copies, subject }) => ({ to, copies, subject }))).toEqual([
      { to: email, copies: [], subject: 'Confirm your e-mail address for authlog' },
      { to: 'ada@example.org', copies: [], subject: 'Your e-mail address at authlog was changed' },
      { to: email, copies: ['ada@example.org'], subject: 'Your password for authlog was changed' },
    ]);
    await world.pass(259_200_000);
    await world.changePassword(2);
    await world.settle();
    expect(world.postbox.taken.at(-1)).toMatchObject({ to: email, copies: [] });
    await process.stop();
  });

  it('tells who has an address that somebody else wants, and not who wants it (SEC-33)', async () => {
    await world.register(bob, 'bob@example.org', 'bob');
    const process = world.start();
    await world.settle();
    const now = new Date(world.now);
    await world.repository.execute(
      user,
      userStream(ada),
      requestEmail({ email: 'bob@example.org', heldBy: bob, now }),
      world.context(),
    );
    await world.settle();
    const [letter] = world.postbox.taken;
    expect(letter).toMatchObject({ to: 'bob@example.org', subject: 'Your e-mail address at authlog' });
    expect(letter?.text).not.toContain('ada');
    await process.stop();
  });

  it('carries the token that the log knows the hash of (SEC-59)', async () => {
    const process = world.start();
    await world.settle();
    const tokenHash = world.tokens.hashOf('password-reset', 'digest', 'r1');
    const now = new Date(world.now);
    const request = { type: 'RequestPasswordReset', requestId: 'r1', userId: ada, tokenHash, now } as const;
    await world.repository.execute(passwordReset, passwordResetStream('digest'), request, world.context());
    await world.settle();
    const [, token = ''] = /password-reset#(\S+)/.exec(world.postbox.taken[0]?.text ?? '') ?? [];
    expect(splitMailToken(token)).toEqual({ subject: 'digest', hash: tokenHash });
    await process.stop();
  });

  it('is sent to nobody once the account is gone (SEC-159)', async () => {
    const process = world.start();
    await world.settle();
    world.postbox.plan.push('busy');
    await world.changePassword(1);
    await world.settle();
    const by = asUserId('the administrator');
    const remove = { type: 'DeleteUser', by, reason: null } as const;
    await world.repository.execute(user, userStream(ada), remove, world.context());
    await world.pass(60_000);
    expect(world.postbox).toMatchObject({ tries: 1, taken: [] });
    await process.stop();
  });

  it('is sent to nobody once the data of the account is erased (SEC-159)', async () => {
    const earlier = world.start();
    await world.settle();
    await earlier.stop();
    await world.changePassword(1);
    world.keys.destroy(ada);
    const process = world.start();
    await world.pass(60_000);
    expect(world.postbox).toMatchObject({ tries: 0, taken: [] });
    await process.stop();
  });
});

describe('a mail server that is down', () => {
  it('gets the mail when it is back, after waits that grow', async () => {
    const process = world.start();
    await world.settle();
    world.postbox.plan.push('busy', 'busy', 'busy');
    await world.changePassword(1);
    await world.settle();
    await world.pass(29_999);
    expect(world.postbox.tries).toBe(1);
    await world.pass(1);
    expect(world.postbox.tries).toBe(2);
    await world.pass(60_000);
    await world.pass(120_000);
    expect(world.postbox.taken).toHaveLength(1);
    expect(world.said).toEqual([
      ...Array<string>(3).fill('password-changed failed: ECONNREFUSED'),
      'password-changed dispatched to the postbox',
    ]);
    await process.stop();
  });

  it('gets no link that has expired', async () => {
    const process = world.start();
    await world.settle();
    world.postbox.plan.push(...Array<'busy'>(10).fill('busy'));
    const now = new Date(world.now);
    const request = { type: 'RequestPasswordReset', requestId: 'r1', userId: ada, tokenHash: 'h', now } as const;
    await world.repository.execute(passwordReset, passwordResetStream('digest'), request, world.context());
    for (let minute = 0; minute < 40; minute += 1) await world.pass(60_000);
    expect(world.said.at(-1)).toBe('password-reset abandoned: late');
    expect(world.postbox.taken).toEqual([]);
    await process.stop();
  });

  it('that refuses a mail for good is not asked again', async () => {
    const process = world.start();
    await world.settle();
    world.postbox.plan.push('refuse');
    await world.changePassword(1);
    await world.pass(86_400_000);
    expect(world.postbox.tries).toBe(1);
    expect(world.said).toEqual(['password-changed abandoned: refused: 550 5.1.1']);
    await process.stop();
  });
});

describe('a crash', () => {
  it('loses no mail, and repeats none that was taken', async () => {
    const first = world.start();
    await world.settle();
    await world.changePassword(1);
    await world.settle();
    first.kill();
    await world.changePassword(2);
    const second = world.start();
    await world.settle();
    expect(new Set(world.postbox.taken.map(({ id }) => id)).size).toBe(2);
    expect(world.postbox.taken).toHaveLength(2);
    await second.stop();
  });

  it('in the middle of handing it over tries again, with the same id, and not for ever', async () => {
    const first = world.start();
    await world.settle();
    world.postbox.plan.push('lose-answer');
    await world.changePassword(1);
    await world.settle();
    first.kill();
    const second = world.start();
    await world.pass(60_000);
    expect(world.postbox.taken.map(({ id }) => id)).toEqual(Array(2).fill(world.postbox.taken[0]?.id));
    await world.pass(86_400_000);
    expect(world.postbox.taken).toHaveLength(2);
    await second.stop();
  });

  it('each time it is handed over gives the mail up', async () => {
    let process = world.start();
    await world.settle();
    world.postbox.plan.push(...Array<'die'>(10).fill('die'));
    await world.changePassword(1);
    for (let crash = 0; crash < 6; crash += 1) {
      await world.pass(60_000);
      process.kill();
      process = world.start();
      await world.settle();
    }
    await world.pass(60_000);
    expect(world.postbox.tries).toBe(3);
    expect(world.said).toEqual(['password-changed abandoned: interrupted']);
    await process.stop();
  });
});

describe('several processes', () => {
  it('send each mail once', async () => {
    const processes = [world.start(), world.start(), world.start()];
    await world.settle();
    for (let n = 0; n < 10; n += 1) await world.changePassword(n);
    await world.settle();
    expect(world.postbox.taken).toHaveLength(10);
    await Promise.all(processes.map((process) => process.stop()));
  });
});

type Step = 'change' | 'kill' | 'mail-server-fails' | 'answer-lost' | 'time-passes';

describe('whatever happens', () => {
  it('every mail arrives, and is handed over again only where an answer was lost', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom<Step>('change', 'change', 'kill', 'mail-server-fails', 'answer-lost', 'time-passes'), {
          maxLength: 25,
        }),
        async (steps) => {
          const here = new World();
          await here.register();
          let process = here.start();
          await here.settle();
          let changes = 0;
          let lost = 0;
          const restart = async () => {
            process.kill();
            process = here.start();
            await here.settle();
          };
          for (const step of steps) {
            if (step === 'change') await here.changePassword((changes += 1));
            else if (step === 'mail-server-fails') here.postbox.plan.push('busy');
            else if (step === 'kill') await restart();
            else if (step === 'time-passes') await here.pass(60_000);
            else if (here.postbox.plan.length === 0) {
              here.postbox.plan.push('lose-answer');
              await here.changePassword((changes += 1));
              await here.settle();
              lost += 1;
              await restart();
            }
            await here.settle();
          }
          for (let hour = 0; hour < 30; hour += 1) await here.pass(3_600_000);
          expect(new Set(here.postbox.taken.map(({ id }) => id)).size).toBe(changes);
          expect(here.postbox.taken.length).toBeLessThanOrEqual(changes + lost);
          await process.stop();
        },
      ),
      { seed: 7, numRuns: 40 },
    ));
});

describe('the checkpoint', () => {
  it('follows, but never overtakes a mail on its way', async () => {
    const process = world.start();
    await world.settle();
    world.postbox.plan.push(...Array<'busy'>(3).fill('busy'));
    await world.changePassword(0);
    for (let n = 1; n <= 1_100; n += 1) await world.changePassword(n);
    await world.settle();
    const checkpoints = async () => {
      const types: string[] = [];
      for await (const { type } of world.store.readStream(reactorStream('mail'), 0)) types.push(type);
      return types;
    };
    expect(await checkpoints()).toEqual(['ReactorBegan']);
    for (let hour = 0; hour < 5; hour += 1) await world.pass(3_600_000);
    await world.changePassword(2_000);
    await world.settle();
    expect(await checkpoints()).toEqual(['ReactorBegan', 'ReactorAdvanced']);
    await process.stop();
  });

  it('stands in the log with what became of each mail', async () => {
    const process = world.start();
    await world.settle();
    await world.changePassword(1);
    await world.settle();
    const id = world.postbox.taken[0]?.id ?? '';
    expect((await world.repository.load(mail, mailStream(id))).state).toEqual({ status: 'over' });
    await process.stop();
  });
});
