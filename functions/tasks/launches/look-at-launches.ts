import pMap from 'p-map';
import type { AutoScaling, LaunchActivity } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Ec2 } from '../../aws/ec2.ts';
import type { Clock } from '../../clock.ts';
import { type AutoScalingGroup, waitingInLaunchHook } from '../../domain/auto-scaling-group.ts';
import { chunk } from '../../domain/chunk.ts';
import type { GroupWithLaunches } from '../../domain/drain/decide-drains.ts';
import { isShort } from '../../domain/group-units.ts';
import {
  emptyLaunchRecord,
  type LaunchRecord,
  type LaunchWait,
  launchesOf,
  observeLaunches,
  withFailure,
} from '../../domain/launches/launch-record.ts';
import { groupsPerDescribe } from '../../domain/limits.ts';
import type { Store } from '../../state/store.ts';
import { patiently } from '../incidents/patiently.ts';

/** What looking at launches needs. */
export interface LookAtLaunchesDependencies {
  autoScaling: AutoScaling;
  ec2: Ec2;
  store: Store;
  clock: Clock;
}

/** A group as it is, as its launches are remembered with what was just seen, and as they are stored. */
export interface SeenLaunches extends GroupWithLaunches {
  stored: LaunchRecord;
}

/** What was seen, and what could not be. */
export interface LaunchesSeen {
  groups: SeenLaunches[];
  /** A sentence for each thing that could not be read. */
  unreadable: string[];
}

/** Groups whose activities are read at once: all of Auto Scaling's calls share one bucket. */
const activitiesAtOnce = 4;

/** Launches that ended without success. An abandoned one is `Cancelled`. */
const hasFailed = ({ statusCode }: LaunchActivity): boolean =>
  statusCode === 'Failed' || statusCode === 'Cancelled';

const waitOf = async (
  ec2: Ec2,
  instanceId: string,
  activities: LaunchActivity[],
): Promise<LaunchWait | undefined> => {
  const activity = activities.find((candidate) => candidate.instanceId === instanceId);
  if (activity !== undefined) return { instanceId, since: activity.startedAt, from: 'scaling activity' };
  const instance = await ec2.describeInstance(instanceId);
  return instance === undefined || instance.launchTime === ''
    ? undefined
    : { instanceId, since: instance.launchTime, from: 'EC2 launch time' };
};

/** The mark of what is true of this very group. */
const ofGroup = ({ autoScalingGroupArn }: AutoScalingGroup): { autoScalingGroupArn?: string } =>
  autoScalingGroupArn === undefined ? {} : { autoScalingGroupArn };

/** Looks at one group more closely where something is not known. */
const createObserve =
  (
    { autoScaling, ec2, clock }: LookAtLaunchesDependencies,
    readFailures: boolean,
    unreadable: string[],
    isInTime?: (inSeconds?: number) => boolean,
  ) =>
  async (group: AutoScalingGroup, stored: LaunchRecord): Promise<SeenLaunches> => {
    const now = clock.now();
    const known = launchesOf(stored, group);
    const unknown = waitingInLaunchHook(group).filter(
      ({ instanceId }) => !known.waits.some((wait) => wait.instanceId === instanceId),
    );
    const isMissing = isShort(group);
    const isKnown = unknown.length === 0 && !(readFailures && isMissing);
    if (isKnown || isInTime?.() === false) {
      return { group, stored, record: observeLaunches(known, group, [], now) };
    }
    try {
      const activities = await patiently(
        () => autoScaling.describeLaunches(group.autoScalingGroupName),
        isInTime ?? (() => false),
      );
      const found: LaunchWait[] = [];
      for (const { instanceId } of unknown) {
        const wait = await waitOf(ec2, instanceId, activities);
        if (wait !== undefined) found.push({ ...wait, ...ofGroup(group) });
      }
      const failures = readFailures ? activities.filter(hasFailed) : [];
      const withFailures = failures.reduce(
        (record, { activityId, startedAt, endedAt }) =>
          withFailure(record, { activityId, startedAt, at: endedAt ?? startedAt, ...ofGroup(group) }, now),
        known,
      );
      return { group, stored, record: observeLaunches(withFailures, group, found, now) };
    } catch (error) {
      unreadable.push(
        `the launches of ${group.autoScalingGroupName} cannot be read (${describeAwsError(error)})`,
      );
      return { group, stored, record: observeLaunches(known, group, [], now) };
    }
  };

/**
 * Looks at the launches of groups: one description per hundred groups, and the activities of a group only where
 * something is not known. What an event told is known; what no event told is looked up, in this order: the scaling
 * activity, the EC2 launch time.
 */
export const lookAtLaunches = async (
  dependencies: LookAtLaunchesDependencies,
  names: string[],
): Promise<LaunchesSeen> => {
  const { autoScaling, store } = dependencies;
  const unreadable: string[] = [];
  const observe = createObserve(dependencies, false, unreadable);

  const groups: SeenLaunches[] = [];
  for (const page of chunk(names, groupsPerDescribe)) {
    try {
      const records = await store.readLaunches(page);
      const described = await autoScaling.describeAutoScalingGroups(page);
      groups.push(
        ...(await pMap(
          described,
          (group) =>
            observe(
              group,
              records.find(
                ({ autoScalingGroupName }) => autoScalingGroupName === group.autoScalingGroupName,
              ) ?? emptyLaunchRecord(group.autoScalingGroupName),
            ),
          { concurrency: activitiesAtOnce },
        )),
      );
    } catch (error) {
      unreadable.push(`${page.length} groups cannot be read (${describeAwsError(error)})`);
    }
  }
  return { groups, unreadable };
};

/**
 * The same of groups that were described just now, for the sweep: it finds its groups by tag and need not describe them
 * twice. It reads the activities of every group that lacks instances, for the failures that no event told.
 */
export const lookAtDescribedLaunches = async (
  dependencies: LookAtLaunchesDependencies,
  described: AutoScalingGroup[],
  isInTime: (inSeconds?: number) => boolean,
): Promise<LaunchesSeen> => {
  const unreadable: string[] = [];
  const observe = createObserve(dependencies, true, unreadable, isInTime);
  const records = await dependencies.store.readLaunches(
    described.map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
  const groups = await pMap(
    described,
    (group, index) => observe(group, records[index] ?? emptyLaunchRecord(group.autoScalingGroupName)),
    { concurrency: activitiesAtOnce },
  );
  return { groups, unreadable };
};
