import {
  failuresRemembered,
  failureWindowSecondsMax,
  type LaunchFailure,
  type LaunchRecord,
  type LaunchWait,
  laterOf,
} from '../domain/launches/launch-record.ts';
import { hookSecondsMax } from '../domain/limits.ts';
import { addSeconds, unixSeconds } from '../domain/times.ts';
import type { Item, Key } from './table.ts';

/** What is stored of a group's launches besides its waits and failures, which are items of their own. */
type LaunchCore = Omit<LaunchRecord, 'waits' | 'failures'>;

/** What all sort keys of a group's launches begin with, so that one query finds them. */
export const launchItemsPrefix = 'launch';
const waitPrefix = 'launch-wait#';
const failurePrefix = 'launch-failure#';

/** How long after they say nothing any more DynamoDB may remove waits and failures. */
const graceSeconds = 3600;

const partition = (autoScalingGroupName: string): string => `group#${autoScalingGroupName}`;

/** Key of the record of a group's launches. */
export const launchesKey = (autoScalingGroupName: string): Key => ({
  pk: partition(autoScalingGroupName),
  sk: 'launches',
});

/** Key of one wait: a launch event meets no other on its item. */
export const waitKey = (
  autoScalingGroupName: string,
  { instanceId }: Pick<LaunchWait, 'instanceId'>,
): Key => ({
  pk: partition(autoScalingGroupName),
  sk: `${waitPrefix}${instanceId}`,
});

/** Key of one failure, by its scaling activity: told twice, it is one. */
export const failureKey = (
  autoScalingGroupName: string,
  { activityId }: Pick<LaunchFailure, 'activityId'>,
): Key => ({ pk: partition(autoScalingGroupName), sk: `${failurePrefix}${activityId}` });

/** The item of one wait, kept for as long as a launch hook can wait. */
export const toWaitItem = (name: string, wait: LaunchWait): Item => ({
  ...waitKey(name, wait),
  wait,
  ttl: unixSeconds(addSeconds(wait.since, hookSecondsMax + graceSeconds)),
});

/** The item of one failure, kept for as long as failures are counted. */
export const toFailureItem = (name: string, failure: LaunchFailure): Item => ({
  ...failureKey(name, failure),
  failure,
  ttl: unixSeconds(addSeconds(failure.at, failureWindowSecondsMax + graceSeconds)),
});

/** The record without what is stored beside it. */
export const toLaunchCore = ({ waits: _waits, failures: _failures, ...core }: LaunchRecord): LaunchCore =>
  core;

/**
 * The record of a group's launches from its items. DynamoDB removes what is over some days late, so what is too old is
 * left out here; of a group made anew under the name, only its own waits and failures are.
 *
 * @param now ISO 8601
 */
export const fromLaunchItems = (empty: LaunchRecord, items: Item[], now: string): LaunchRecord => {
  const core = items.find(({ sk }) => sk === 'launches')?.record as LaunchCore | undefined;
  const arn = core?.autoScalingGroupArn;
  const isOfGroup = ({ autoScalingGroupArn }: { autoScalingGroupArn?: string }): boolean =>
    arn === undefined || autoScalingGroupArn === undefined || autoScalingGroupArn === arn;
  const waitsFrom = addSeconds(now, -hookSecondsMax);
  const failuresFrom = addSeconds(now, -failureWindowSecondsMax);
  const waits = items
    .filter(({ sk }) => sk.startsWith(waitPrefix))
    .map(({ wait }) => wait as LaunchWait)
    .filter((wait) => wait.since > waitsFrom && isOfGroup(wait));
  const failures = items
    .filter(({ sk }) => sk.startsWith(failurePrefix))
    .map(({ failure }) => failure as LaunchFailure)
    .filter((failure) => failure.at > failuresFrom && isOfGroup(failure))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(-failuresRemembered);
  const lastFailedLaunchAt = failures.reduce(
    (latest: string | undefined, { startedAt }) => laterOf(latest, startedAt),
    core?.lastFailedLaunchAt,
  );
  return {
    ...empty,
    ...core,
    waits,
    failures,
    ...(lastFailedLaunchAt === undefined ? {} : { lastFailedLaunchAt }),
  };
};
