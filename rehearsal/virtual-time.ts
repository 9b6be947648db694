import FakeTimers from '@sinonjs/fake-timers';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Time that passes as fast as the computer can think, and chance that comes from one seed. */
export interface VirtualTime {
  /** Milliseconds since 1970. */
  now(): number;
  /** ISO 8601 in UTC. */
  iso(): string;
  /** Seconds since the start. */
  elapsedSeconds(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Calls back at a time, in seconds since the start. */
  at(seconds: number, callback: () => void): void;
  /** Calls back again and again. */
  every(seconds: number, callback: () => void): void;
  /** From 0 to 1, never 1. */
  random(): number;
  /** Lets time pass until so many seconds after the start. */
  runUntil(seconds: number): Promise<void>;
}

/** Numbers from 0 to 1 from a seed. */
export const seededRandom = (seed: number): (() => number) => {
  const generator = xoroshiro128plus(seed);
  return () => (generator.next() >>> 0) / 0x1_0000_0000;
};

// Kept from before the fakes are installed: the only real timer left, and it waits for nothing.
const realSetImmediate = setImmediate;
// The fake one is slow, and this is asked for at every step.
const RealDate = Date;

/** How many steps are taken between two turns of the event loop: a turn takes longer than a step. */
const stepsInATurn = 100;

/** Whether a file is read: an AWS client reads the configuration of the machine once, with its first call. */
const isReadingFile = (): boolean =>
  process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq') || name === 'CloseReq');

/**
 * Lets everything go on that can without a timer: a tick comes once no promise is left to go on. A file that is read
 * takes no virtual time, so it waits for that too. Now and then it lets the process turn, so that whoever runs it is
 * answered.
 */
const createSettle = (): (() => Promise<void>) => {
  const tick = () => new Promise<void>((resolve) => process.nextTick(resolve));
  const turn = () => new Promise<void>((resolve) => realSetImmediate(resolve));
  let steps = 0;
  return async () => {
    steps += 1;
    await (steps % stepsInATurn === 0 ? turn() : tick());
    while (isReadingFile()) await turn();
  };
};

/**
 * Runs a body in virtual time. Every timer of the process is virtual meanwhile, those of the AWS SDK's retries and
 * of the state machine interpreter included, and `Math.random` (both use it for jitter) draws from the seed.
 * Between two timers everything that can go on without waiting goes on. Files that are read take no time. It waits for
 * nothing else that is real, so nothing inside may wait for a network or a module that is not loaded yet.
 *
 * @param startsAt ISO 8601
 * @param seed any whole number; the same one gives the same run
 */
export const runInVirtualTime = async <Result>(
  startsAt: string,
  seed: number,
  body: (time: VirtualTime) => Promise<Result>,
): Promise<Result> => {
  const startMilliseconds = Date.parse(startsAt);
  const clock = FakeTimers.install({
    now: startMilliseconds,
    // Libraries made timers before the fakes came; clearing those is right and needs no warning.
    shouldClearNativeTimers: true,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
  const realRandom = Math.random;
  const random = seededRandom(seed);
  const settle = createSettle();
  // The interpreter and the SDK get a stream of their own, so that a change in their use of it leaves the world alone.
  Math.random = seededRandom(seed + 1);
  let latest = { at: startMilliseconds, iso: new RealDate(startMilliseconds).toISOString() };
  try {
    return await body({
      now: () => clock.now,
      iso: () => {
        if (latest.at !== clock.now) latest = { at: clock.now, iso: new RealDate(clock.now).toISOString() };
        return latest.iso;
      },
      elapsedSeconds: () => (clock.now - startMilliseconds) / 1000,
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      at: (seconds, callback) => {
        setTimeout(callback, startMilliseconds + seconds * 1000 - clock.now);
      },
      every: (seconds, callback) => {
        setInterval(callback, seconds * 1000);
      },
      random,
      runUntil: async (seconds) => {
        let isOver = false;
        setTimeout(
          () => {
            isOver = true;
          },
          startMilliseconds + seconds * 1000 - clock.now,
        );
        while (!isOver) {
          await settle();
          clock.next();
        }
        await settle();
      },
    });
  } finally {
    Math.random = realRandom;
    clock.uninstall();
  }
};
