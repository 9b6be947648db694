import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { counted } from '../functions/domain/times.ts';
import { addLooks, type BrokenPromise, type Looks, promises } from '../rehearsal/random/ledger.ts';
import { partKinds, type RandomIncident } from '../rehearsal/random/parts.ts';
import { createRandomIncident } from '../rehearsal/random/random-incident.ts';
import type { Answer, Asked } from './prove-worker.ts';
import { startThread } from './start-thread.ts';
import { UsageError } from './usage-error.ts';

/** Which random incidents are told. */
export interface ProveIncidents {
  from: number;
  /** How many; without it as many as there is time for. */
  seeds?: number;
  minutes?: number;
  /** The most groups of an incident; seven in each where nothing is said. */
  groupsMax?: number;
  /** Whether what breaks a promise is left as it was found, which is quicker. */
  isAsFound: boolean;
}

/** Where shortest incidents and the report are written. */
const folder = '.prove';

/** So many failures are made short; a fault of the product breaks many incidents in the same way. */
const shrunkMax = 3;

const progressMilliseconds = 30_000;

/** What one seed came to. */
interface Failure {
  seed: number;
  broken: BrokenPromise[];
}

/** So long one incident may take: a hundred times as long as the slowest of two hundred groups. */
const tooLongMilliseconds = 1_800_000;

const startWorker = () => startThread<Asked, Answer>(new URL('./prove-worker.ts', import.meta.url));

/** An incident with its timeline, told in a thread of its own: what it leaves waiting ends with the thread. */
const askForTimeline = async (
  asked: Asked & { what: 'timeline' | 'shrink' },
): Promise<Answer & { what: 'timeline' }> => {
  const worker = startWorker();
  try {
    const answer = await worker.ask(asked);
    if (answer.what !== 'timeline') throw new Error(`found ${answer.what}`);
    return answer;
  } finally {
    await worker.stop();
  }
};

/** The first of them, by number. */
const seedsIn = (some: { seed: number }[]): string => {
  const seeds = some.map(({ seed }) => seed).sort((a, b) => a - b);
  return `${seeds.slice(0, 10).join(', ')}${seeds.length > 10 ? ` and ${seeds.length - 10} more` : ''}`;
};

const tellBroken = (broken: BrokenPromise[]): string[] => [
  ...broken.slice(0, 5).map(({ promise, text }) => `  ${promise}: ${text}`),
  ...(broken.length > 5 ? [`  and ${broken.length - 5} more`] : []),
];

/** An incident as it was told: what it broke, what is in it, and what happened. */
const tellWhole = ({ broken, incident, timeline }: Answer & { what: 'timeline' }): string[] => [
  ...tellBroken(broken),
  ...incident.parts.map((part) => `  part: ${JSON.stringify(part)}`),
  '',
  timeline,
];

/** The shortest incident found that breaks the same promise, written down, with the command that tells it again. */
const reportShortest = async (failure: Failure, groupsMax: number | undefined): Promise<string[]> => {
  const ofGroups = groupsMax === undefined ? '' : `-of-${groupsMax}-groups`;
  const [first] = failure.broken;
  if (first === undefined) return [];
  const incident = createRandomIncident(failure.seed, groupsMax);
  try {
    const shortest = await askForTimeline({ what: 'shrink', incident, promise: first.promise });
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `seed-${failure.seed}${ofGroups}.json`);
    writeFileSync(file, `${JSON.stringify(shortest.incident, null, 2)}\n`);
    const { parts, groups } = shortest.incident;
    return [
      '',
      `The shortest found, ${counted(parts.length, 'part')} and ${counted(groups.length, 'group')}: ${file}`,
      `To tell it again: npm run prove -- --replay ${file}`,
      ...tellWhole(shortest),
    ];
  } catch (error) {
    return [`It could not be made shorter: ${(error as Error).message}`];
  }
};

/** A moment of an incident, or how long something lasts. */
const seconds = z.number().check(z.gte(0), z.lte(86_400));

/** What is asked of a file to be an incident; what is wrong deeper is found when it is told. */
const replayed = z.looseObject({
  seed: z.int(),
  groups: z.array(z.looseObject({ name: z.string() })).check(z.minLength(1)),
  parts: z.array(
    z
      .looseObject({ kind: z.enum(partKinds), from: z.optional(seconds), lasts: z.optional(seconds) })
      .check(z.refine(({ kind, from }) => kind === 'death' || from !== undefined, { path: ['from'] })),
  ),
  quirks: z.looseObject({}),
  load: z.number(),
});

/**
 * An incident from a file.
 *
 * @throws UsageError when there is no such file, or it is none that this command wrote
 */
const readIncident = (file: string): RandomIncident => {
  const remedy = 'allowed: a file that npm run prove wrote into .prove, such as .prove/seed-1.json';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--replay: ${file} cannot be read (${(error as Error).message}); ${remedy}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--replay: ${file} is not JSON (${(error as Error).message}); ${remedy}`);
  }
  const parsed = z.safeParse(replayed, json);
  if (parsed.success) return json as RandomIncident;
  const wrong = parsed.error.issues
    .map(({ path }) => (path.length === 0 ? 'all of it' : path.join('.')))
    .join(', ');
  throw new UsageError(`--replay: ${file} is no random incident (missing or wrong: ${wrong}); ${remedy}`);
};

/** Tells one incident from a file again. */
export const replayIncident = async (file: string): Promise<number> => {
  const incident = readIncident(file);
  const told = await askForTimeline({ what: 'timeline', incident });
  const isKept = told.broken.length === 0;
  const lines = isKept
    ? [`${file}: no promise is broken`]
    : [`${file}: a promise is broken`, ...tellWhole(told)];
  process.stdout.write(`${lines.join('\n')}\n`);
  return isKept ? 0 : 1;
};

/** Tells the incident of one seed: what is in it, and what happened. */
export const tellIncident = async (seed: number, groupsMax?: number): Promise<number> => {
  const incident = createRandomIncident(seed, groupsMax);
  const told = await askForTimeline({ what: 'timeline', incident });
  const isKept = told.broken.length === 0;
  const lines = [
    `Seed ${seed}, ${incident.groups.length} groups: ${isKept ? 'no promise is broken' : 'a promise is broken'}`,
    ...tellWhole(told),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return isKept ? 0 : 1;
};

/**
 * Tells random incidents on every core, and watches every promise. What was found is one page: on standard output, and
 * in `.prove/report.txt`.
 *
 * @returns 1 if a promise was broken
 */
export const proveIncidents = async ({
  from,
  seeds,
  minutes,
  groupsMax,
  isAsFound,
}: ProveIncidents): Promise<number> => {
  mkdirSync(folder, { recursive: true });
  const startedAt = performance.now();
  const until = seeds === undefined ? Number.POSITIVE_INFINITY : from + seeds;
  const isInTime = (): boolean => minutes === undefined || performance.now() - startedAt < minutes * 60_000;
  const failures: Failure[] = [];
  /** What could not be told: a fault of the search, or of the code under it. */
  const untold: { seed: number; error: string }[] = [];
  const done = { count: 0, executions: 0, calls: 0, slowest: { seed: from, milliseconds: 0 } };
  let looks: Looks = {};
  let next = from;
  let isStopped = false;
  const underWay = new Set<number>();
  /** The first that was not told to its end. */
  const goesOnFrom = (): number => Math.min(next, ...underWay);
  /** As many as are left of those that were asked for; as many again once all are told. */
  const howMany = (): string => {
    if (seeds === undefined) return '';
    const left = until - goesOnFrom();
    return ` --seeds ${left === 0 ? seeds : left}`;
  };
  const length = (): string => `${howMany()}${minutes === undefined ? '' : ` --minutes ${minutes}`}`;
  const timeNow = (): string => new Date().toISOString().slice(0, 16).replace('T', ' ');
  const startedAtDate = timeNow();
  const ofSize = groupsMax === undefined ? '' : ` --groups ${groupsMax}`;
  const perSecond = (): string => (done.count / ((performance.now() - startedAt) / 1000)).toFixed(1);
  /** What was found until now, as a page; what is still being told is told again by who goes on. */
  const tellFound = (isOver: boolean): string[] => {
    const seconds = (performance.now() - startedAt) / 1000;
    failures.sort((a, b) => a.seed - b.seed);
    const byPromise = Map.groupBy(
      failures.flatMap(({ seed, broken }) =>
        [...new Set(broken.map(({ promise }) => promise))].map((promise) => ({ seed, promise })),
      ),
      ({ promise }) => promise,
    );
    untold.sort((a, b) => a.seed - b.seed);
    if (!isOver && done.count + untold.length === 0) {
      return [`This run began at ${startedAtDate}, from seed ${from} on, and nothing is told yet.`];
    }
    return [
      ...(isOver ? [] : [`This run had not ended when this was written, at ${timeNow()}.`]),
      ...(isOver && isStopped ? ['This run was stopped before its end.'] : []),
      `Random incidents of ${startedAtDate}, ${groupsMax === undefined ? 'seven groups each' : `0 to ${groupsMax} groups each`}: all of seeds ${from} to ${goesOnFrom() - 1}.`,
      `${done.count} told in ${Math.round(seconds)} s, ${perSecond()} a second: ${done.executions} executions, ${done.calls} calls; the slowest was seed ${done.slowest.seed} with ${(done.slowest.milliseconds / 1000).toFixed(1)} s.`,
      ...(untold.length === 0
        ? []
        : [`${untold.length} could not be told: seeds ${seedsIn(untold)}. The first: ${untold[0]?.error}`]),
      `How often each promise was looked at: ${promises.map((promise) => `${promise} ${looks[promise] ?? 0}`).join(', ')}.`,
      failures.length === 0
        ? `No promise was broken${isOver ? '' : ' until then'}.${tellUnseen()}`
        : `${failures.length} with a broken promise:`,
      ...[...byPromise].map(([promise, some]) => `  ${promise}: ${some.length}, seeds ${seedsIn(some)}`),
      `To go on: npm run prove -- --from ${goesOnFrom()}${ofSize}${length()}`,
    ];
  };
  /** What says nothing of this run. */
  const tellUnseen = (): string => {
    const unseen = promises.filter((promise) => looks[promise] === undefined);
    return unseen.length === 0 ? '' : ` Not looked at, because nothing called for it: ${unseen.join(', ')}.`;
  };
  const write = (lines: string[]): string => {
    const page = `${lines.join('\n')}\n`;
    writeFileSync(join(folder, 'report.txt'), page);
    return page;
  };
  const progress = setInterval(() => {
    const found = failures.length === 0 ? '' : `: seeds ${seedsIn(failures)}`;
    process.stderr.write(
      `${counted(done.count, 'incident')}, ${perSecond()} a second, ${failures.length} with a broken promise${found}; go on from seed ${goesOnFrom()}\n`,
    );
    // Whoever ends it in the middle of the night has what was found.
    write(tellFound(false));
  }, progressMilliseconds);
  const stop = (): void => {
    isStopped = true;
    process.stderr.write('It ends with the incidents that are being told; once more ends it at once.\n');
  };
  process.once('SIGINT', stop);
  // What an earlier run found is not what this one did.
  write(tellFound(false));
  process.stderr.write(
    `Telling random incidents from seed ${from} on, on ${availableParallelism()} cores; what is found is in ${join(folder, 'report.txt')}, every half minute.\n`,
  );

  const work = async (): Promise<void> => {
    let worker = startWorker();
    while (next < until && isInTime() && !isStopped) {
      const seed = next;
      next += 1;
      underWay.add(seed);
      try {
        const answer = await worker.ask({ what: 'tell', seed, groupsMax }, tooLongMilliseconds);
        if (answer.what !== 'told') throw new Error(`found ${answer.what}`);
        done.count += 1;
        done.executions += answer.executions;
        done.calls += answer.calls;
        looks = addLooks(looks, answer.looks);
        if (answer.milliseconds > done.slowest.milliseconds)
          done.slowest = { seed, milliseconds: answer.milliseconds };
        if (answer.broken.length > 0) failures.push({ seed, broken: answer.broken });
      } catch (error) {
        // The thread is of no more use.
        await worker.stop();
        untold.push({ seed, error: String((error as Error).stack) });
        worker = startWorker();
      } finally {
        underWay.delete(seed);
      }
    }
    await worker.stop();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  clearInterval(progress);
  process.off('SIGINT', stop);
  const lines = tellFound(true);
  // Making incidents short takes a while, and somebody may not wait for it.
  write(lines);
  for (const failure of failures.slice(0, shrunkMax)) {
    lines.push(
      '',
      `Seed ${failure.seed}: npm run prove -- --from ${failure.seed} --seeds 1${ofSize}`,
      ...tellBroken(failure.broken),
    );
    if (!isAsFound) lines.push(...(await reportShortest(failure, groupsMax)));
  }
  process.stdout.write(write(lines));
  return failures.length + untold.length === 0 ? 0 : 1;
};
