import { parentPort } from 'node:worker_threads';
import type { BrokenPromise, Looks, Promised } from '../rehearsal/random/ledger.ts';
import type { RandomIncident } from '../rehearsal/random/parts.ts';
import { createPeople } from '../rehearsal/random/people.ts';
import { createRandomIncident } from '../rehearsal/random/random-incident.ts';
import { type RandomRun, runRandomIncident } from '../rehearsal/random/run-random-incident.ts';
import { breaks, shrink } from '../rehearsal/random/shrink.ts';
import { toStory } from '../rehearsal/random/to-story.ts';
import { tellTimeline } from '../rehearsal/report.ts';

/** What a worker is asked for: to tell an incident, with its timeline or without, or to find the shortest one that breaks the same promise. */
export type Asked =
  | { what: 'tell'; seed: number; groupsMax: number | undefined }
  | { what: 'timeline'; incident: RandomIncident }
  | { what: 'shrink'; incident: RandomIncident; promise: Promised };

/** What it answers. */
export type Answer =
  | {
      what: 'told';
      seed: number;
      broken: BrokenPromise[];
      looks: Looks;
      milliseconds: number;
      executions: number;
      calls: number;
    }
  | { what: 'timeline'; incident: RandomIncident; broken: BrokenPromise[]; timeline: string };

/**
 * Tells an incident without stack traces, which take a fifth of the time: what AWS refuses is an error too. One that could
 * not be told is told again with them.
 */
const tell = async (incident: RandomIncident): Promise<RandomRun> => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await runRandomIncident(incident);
  } catch {
    Error.stackTraceLimit = stackTraceLimit;
    return await runRandomIncident(incident);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

const answer = async (asked: Asked): Promise<Answer> => {
  if (asked.what === 'tell') {
    const startedAt = performance.now();
    const incident = createRandomIncident(asked.seed, asked.groupsMax);
    const { broken, looks, result } = await tell(incident);
    const milliseconds = Math.round(performance.now() - startedAt);
    const { executions, calls } = result;
    return {
      what: 'told',
      seed: asked.seed,
      broken,
      looks,
      milliseconds,
      executions: executions.length,
      calls: calls.length,
    };
  }
  const incident =
    asked.what === 'timeline' ? asked.incident : await shrink(asked.incident, breaks(asked.promise));
  const { broken, result } = await runRandomIncident(incident);
  return {
    what: 'timeline',
    incident,
    broken,
    timeline: tellTimeline(toStory(incident, createPeople()), result),
  };
};

parentPort?.on('message', async (asked: Asked) => parentPort?.postMessage(await answer(asked)));
