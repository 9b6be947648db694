import type { Rule } from '../../events/policy.ts';
import { addSeconds } from '../times.ts';
import {
  failureWindowSecondsMax,
  type LaunchFailure,
  type LaunchRecord,
  laterOf,
  type StartedForFailures,
} from './launch-record.ts';

/** The failure that makes enough of them, and how many there are. */
export interface EnoughFailures {
  count: number;
  /** The one that completes the count: the same whoever counts, so that it names the execution. */
  completedBy: LaunchFailure;
  /** The latest of them. */
  latest: LaunchFailure;
}

/**
 * Whether enough launches of a group failed for a rule: `count` within the window that ends now, of those that have
 * not started an execution yet.
 */
export const enoughFailures = (
  record: LaunchRecord,
  rule: Pick<Rule, 'name'>,
  { count, withinSeconds }: { count: number; withinSeconds: number },
  now: string,
): EnoughFailures | undefined => {
  const windowFrom = addSeconds(now, -withinSeconds);
  const countedUntil = record.countedUntil[rule.name] ?? '';
  const failures = record.failures
    .filter(({ at }) => at > windowFrom && at > countedUntil)
    .sort((a, b) => (a.at === b.at ? (a.activityId < b.activityId ? -1 : 1) : a.at < b.at ? -1 : 1));
  const completedBy = failures[count - 1];
  const latest = failures.at(-1);
  return completedBy === undefined || latest === undefined
    ? undefined
    : { count: failures.length, completedBy, latest };
};

/** Whether an execution that groups share, and that was given to this one too, has yet to begin. */
export const hasYetToBegin = (started: StartedForFailures | undefined, now: string): boolean =>
  started?.beginAt !== undefined && started.beginAt > now;

/** How long after it began an execution that groups share may still be about to take them, whatever is slow. */
const takesGroupsSeconds = 120;

/** Whether such an execution has yet to take the groups that were given to it, or may not have taken them yet. */
const mayStillTake = (started: StartedForFailures | undefined, now: string): boolean =>
  hasYetToBegin(started, addSeconds(now, -takesGroupsSeconds));

/**
 * The record once the failures up to this one have started an execution: they do not count again. What earlier rules
 * counted is forgotten with the window in which failures count at all. Who counted later than this stands, and so does an
 * execution that has yet to take its groups: else a group whose launches fail on would be given from one to the next, and
 * taken by none.
 *
 * @param started what they started, where it was started now
 * @param now ISO 8601
 */
export const withCounted = (
  record: LaunchRecord,
  rule: Pick<Rule, 'name'>,
  failure: LaunchFailure,
  started: StartedForFailures | undefined,
  now: string,
): LaunchRecord => {
  const countsFrom = addSeconds(now, -failureWindowSecondsMax);
  const { [rule.name]: before } = record.startedFor ?? {};
  const after = mayStillTake(before, now) ? before : started;
  return {
    ...record,
    countedUntil: {
      ...Object.fromEntries(Object.entries(record.countedUntil).filter(([, until]) => until > countsFrom)),
      [rule.name]: laterOf(record.countedUntil[rule.name], failure.at),
    },
    ...(after === undefined ? {} : { startedFor: { ...record.startedFor, [rule.name]: after } }),
  };
};

/**
 * The record once something else was started for failures that were counted already.
 *
 * @param instead the execution that was started for them before; what else was started meanwhile stays
 */
export const withStarted = (
  record: LaunchRecord,
  rule: Pick<Rule, 'name'>,
  instead: string,
  started: StartedForFailures,
): LaunchRecord =>
  record.startedFor?.[rule.name]?.executionName === instead
    ? { ...record, startedFor: { ...record.startedFor, [rule.name]: started } }
    : record;

/**
 * The record once nothing more has to be done about what failures started for a rule. What else was started meanwhile
 * stays.
 */
export const withoutStarted = (
  record: LaunchRecord,
  rule: Pick<Rule, 'name'>,
  executionName: string,
): LaunchRecord => {
  const { [rule.name]: started, ...others } = record.startedFor ?? {};
  return started?.executionName === executionName ? { ...record, startedFor: others } : record;
};
