import { setTimeout as delay } from 'node:timers/promises';
import type { Installation } from './installation.js';
import type { SeededRandom } from './random.js';

/** Something that goes wrong, and is put right again. */
export interface Fault {
  readonly name: string;
  happen(installation: Installation, random: SeededRandom): Promise<void>;
}

const between = (random: SeededRandom, least: number, most: number) => delay(least + random.below(most - least));

/** What can go wrong wherever the data is. */
const ANYWHERE: readonly Fault[] = [
  {
    name: 'kill -9 an API node',
    async happen(installation, random) {
      const node = random.below(installation.nodes.length);
      await installation.killNode(node);
      await between(random, 100, 800);
      await installation.startNode(node);
    },
  },
  {
    name: 'kill -9 the projector',
    async happen(installation, random) {
      await installation.killProjector();
      await between(random, 100, 2_000);
      await installation.startProjector();
    },
  },
  {
    name: 'cut the log',
    async happen({ log }, random) {
      await log.stop();
      await between(random, 200, 3_000);
      await log.listen();
    },
  },
  {
    name: 'silence the log',
    async happen({ log }, random) {
      log.fallSilent();
      await between(random, 500, 7_000);
      log.speak();
    },
  },
  {
    name: 'lose answers of the log',
    async happen({ log }, random) {
      for (let n = 0; n < 20; n += 1) {
        log.fail('append', random.pick(['answer-lost', 'unavailable'] as const));
        await between(random, 20, 100);
      }
    },
  },
  {
    name: 'turn the clock by an hour',
    async happen(installation, random) {
      installation.turnClock(random.pick(['+3600', '-3600']));
      await between(random, 500, 2_000);
      installation.turnClock('+0');
    },
  },
];

export const FAULTS_ON_POSTGRES: readonly Fault[] = [
  ...ANYWHERE,
  {
    name: 'restart PostgreSQL',
    async happen({ database }) {
      await database?.restart();
    },
  },
];

export const FAULTS_ON_FILES: readonly Fault[] = [
  ...ANYWHERE,
  {
    name: 'fill the disk',
    async happen(installation, random) {
      installation.fillDisk();
      await between(random, 500, 2_000);
      installation.freeDisk();
    },
  },
];
