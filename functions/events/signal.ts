import type * as z from 'zod/mini';
import type { Home } from '../domain/arn.ts';
import { bounded } from '../domain/bounded.ts';
import { InvalidInputError } from '../domain/errors.ts';
import type { LaunchFailure, LaunchWait } from '../domain/launches/launch-record.ts';
import type { AlarmState } from '../domain/signals/decide-start.ts';
import {
  groupArnIn,
  launchLifecycleActionSchema,
  launchUnsuccessfulSchema,
} from './auto-scaling-launch-events.ts';
import { alarmStateSchema } from './cloudwatch-alarm-state-change.ts';
import { describeIssues } from './describe-issues.ts';
import { eventBridgeEnvelope } from './event-bridge-event.ts';

/** What an event is to Holdfast. What it does not know is a case of its own, with the name AWS gave it. */
export type Signal =
  | { kind: 'alarm'; alarm: AlarmState }
  | { kind: 'launch-failure'; autoScalingGroupName: string; failure: LaunchFailure }
  | { kind: 'launch-wait'; autoScalingGroupName: string; wait: LaunchWait }
  | { kind: 'ignored'; reason: string };

/** Events that no rule of Holdfast asks for, but that may come all the same: each with why it is no signal. */
const ignoredByName = new Map(
  Object.entries({
    'CloudWatch Alarm Contributor State Change':
      'one time series of an alarm over several; the alarm itself sends an event of its own',
    'CloudWatch Alarm Configuration Change': 'somebody edited an alarm',
    'EC2 Instance Launch Successful': 'launches in service are seen by looking at their group',
    'EC2 Instance-terminate Lifecycle Action': 'an instance that ends, not one that is launched',
  }),
);

/** What Auto Scaling sends when a hook gets a notification target, to see whether it arrives. */
const testNotification = 'autoscaling:TEST_NOTIFICATION';

const isTestNotification = (event: unknown): boolean =>
  typeof event === 'object' &&
  event !== null &&
  [event, Reflect.get(event, 'detail')].some(
    (part) => typeof part === 'object' && part !== null && Reflect.get(part, 'Event') === testNotification,
  );

const parseOrExplain = <Schema extends z.ZodMiniType>(
  schema: Schema,
  event: unknown,
  what: string,
): z.output<Schema> => {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `${what}; nothing was started.\n${describeIssues(schema, parsed.error, event)}`,
  );
};

/** Why a launch is not into the group, where it is not: into its warm pool, from which nothing is served. */
const notIntoGroup = (destination: string | undefined): string | undefined =>
  destination === undefined || destination === 'AutoScalingGroup'
    ? undefined
    : `into the ${bounded(destination)}, not into the group`;

const parseLaunchWait = (event: unknown): Signal => {
  const { time, resources, detail } = parseOrExplain(
    launchLifecycleActionSchema,
    event,
    'This lifecycle action event is not as documented',
  );
  const { AutoScalingGroupName, EC2InstanceId, Destination } = detail;
  const elsewhere = notIntoGroup(Destination);
  if (elsewhere !== undefined) {
    return { kind: 'ignored', reason: `${EC2InstanceId} is launched ${elsewhere}` };
  }
  return {
    kind: 'launch-wait',
    autoScalingGroupName: AutoScalingGroupName,
    wait: { instanceId: EC2InstanceId, since: time, from: 'lifecycle event', ...groupArnIn(resources) },
  };
};

const parseLaunchFailure = (event: unknown): Signal => {
  const { time, resources, detail } = parseOrExplain(
    launchUnsuccessfulSchema,
    event,
    'This launch event is not as documented',
  );
  const { AutoScalingGroupName, ActivityId, StartTime = time, EndTime = time, Destination } = detail;
  const elsewhere = notIntoGroup(Destination);
  if (elsewhere !== undefined) {
    return { kind: 'ignored', reason: `a launch of ${AutoScalingGroupName} ${elsewhere} failed` };
  }
  return {
    kind: 'launch-failure',
    autoScalingGroupName: AutoScalingGroupName,
    failure: { activityId: ActivityId, startedAt: StartTime, at: EndTime, ...groupArnIn(resources) },
  };
};

/** Why an event is not about this account and Region, where it is not: a central bus brings others' events too. */
const notFromHome = (
  { account, region }: { account: string; region: string },
  home: Home | undefined,
): string | undefined =>
  home === undefined || (account === home.accountId && region === home.region)
    ? undefined
    : `it comes from account ${bounded(account)} in ${bounded(region)}; this is account ${home.accountId} in ${home.region}`;

/**
 * Reads an event as a signal.
 *
 * @param event whatever EventBridge, or a person in the console, sent
 * @param home the account and Region of the stage: events of any other are ignored by name
 * @throws InvalidInputError when an event of a known kind lacks a field that decides
 */
export const parseSignal = (event: unknown, home?: Home): Signal => {
  if (isTestNotification(event)) {
    return { kind: 'ignored', reason: `${testNotification}: AWS only tries whether notifications arrive` };
  }
  const envelope = parseOrExplain(eventBridgeEnvelope, event, 'This is not an EventBridge event');
  const { source, 'detail-type': detailType } = envelope;
  const foreign = notFromHome(envelope, home);
  if (foreign !== undefined) {
    return { kind: 'ignored', reason: `"${bounded(detailType)}" from ${bounded(source)}: ${foreign}` };
  }
  switch (`${source} ${detailType}`) {
    case 'aws.cloudwatch CloudWatch Alarm State Change':
      return {
        kind: 'alarm',
        alarm: parseOrExplain(alarmStateSchema, event, 'This alarm event is not as documented'),
      };
    case 'aws.autoscaling EC2 Instance Launch Unsuccessful':
      return parseLaunchFailure(event);
    case 'aws.autoscaling EC2 Instance-launch Lifecycle Action':
      return parseLaunchWait(event);
    default: {
      const known =
        source === 'aws.cloudwatch' || source === 'aws.autoscaling'
          ? ignoredByName.get(detailType)
          : undefined;
      return {
        kind: 'ignored',
        reason: `"${bounded(detailType)}" from ${bounded(source)}: ${known ?? 'not an event Holdfast knows'}`,
      };
    }
  }
};
