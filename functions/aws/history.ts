import {
  type Activity,
  type AutoScalingClient,
  paginateDescribeScalingActivities,
} from '@aws-sdk/client-auto-scaling';
import {
  type AlarmHistoryItem,
  type CloudWatchClient,
  paginateDescribeAlarmHistory,
} from '@aws-sdk/client-cloudwatch';
import type { AlarmChange, History, PastActivity, TakenBecause } from '../domain/backtest/history.ts';
import { isOkForWantOfData } from '../domain/signals/alarm-data.ts';
import { matchesPattern } from '../domain/signals/match-rules.ts';
import { toDate } from '../domain/times.ts';
import { createCloudWatch } from './cloudwatch.ts';

/** What a change of state holds (CloudWatch User Guide, "Alarm history"; the shape is that of the event). */
interface StateUpdate {
  newState?: { stateValue?: string; stateReason?: string; stateReasonData?: unknown };
}

const values: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

/** A line of an alarm's history as a change of state; `undefined` for what is none. */
export const toAlarmChange = ({
  AlarmName,
  Timestamp,
  HistoryData,
}: AlarmHistoryItem): AlarmChange | undefined => {
  let update: StateUpdate;
  try {
    update = JSON.parse(HistoryData ?? '{}') as StateUpdate;
  } catch {
    return undefined;
  }
  const { stateValue = '', stateReason = '', stateReasonData } = update.newState ?? {};
  if (AlarmName === undefined || Timestamp === undefined || !values.includes(stateValue)) return undefined;
  const lacksData =
    stateValue === 'OK' &&
    isOkForWantOfData({
      reason: stateReason,
      ...(stateReasonData === undefined ? {} : { reasonData: JSON.stringify(stateReasonData) }),
    });
  return {
    alarmName: AlarmName,
    at: Timestamp.toISOString(),
    value: stateValue as AlarmChange['value'],
    ...(lacksData ? { lacksData } : {}),
  };
};

/**
 * Why an instance was taken, from the sentence of its activity; the first that fits.
 * Source: Amazon EC2 Auto Scaling User Guide, "Verify a scaling activity" and "Troubleshoot", and sentences as seen.
 */
const sentences: [RegExp, TakenBecause][] = [
  [/in response to an? [\w ]*health[ -]?check/i, 'unhealthy'],
  [/balance instances in zones/i, 'rebalance'],
  [/in response to an? instance refresh/i, 'instance refresh'],
  [/out of service in response to a user request/i, 'a person'],
  [/difference between desired and actual capacity/i, 'scale-in'],
];

const becauseOf = (cause: string): TakenBecause =>
  sentences.find(([sentence]) => sentence.test(cause))?.[1] ?? 'something else';

/** An activity as the backtest needs it. */
export const toPastActivity = (activity: Activity): PastActivity => {
  const { Description = '', Cause = '', StatusCode, StartTime, EndTime } = activity;
  const kind = /^Launching/.test(Description)
    ? 'launch'
    : /^Terminating/.test(Description)
      ? 'termination'
      : 'other';
  return {
    autoScalingGroupName: activity.AutoScalingGroupName ?? '',
    activityId: activity.ActivityId ?? '',
    kind,
    startedAt: StartTime?.toISOString() ?? '',
    ...(EndTime === undefined ? {} : { endedAt: EndTime.toISOString() }),
    hasFailed: StatusCode === 'Failed' || StatusCode === 'Cancelled',
    ...(kind === 'termination' ? { because: becauseOf(Cause) } : {}),
  };
};

const byTime =
  <Value>(at: (value: Value) => string) =>
  (a: Value, b: Value): number =>
    at(a) < at(b) ? -1 : 1;

/** Reads what happened between two times (ISO 8601), with the alarms whose names fit. */
export type ReadHistory = (alarmPatterns: string[], from: string, until: string) => Promise<History>;

/**
 * Reads what happened: one call for 100 changes of an alarm, and one for 100 activities of all groups
 * together. It changes nothing.
 *
 * @param from ISO 8601
 * @throws what AWS answers
 */
export const createReadHistory =
  (autoScaling: AutoScalingClient, cloudWatch: CloudWatchClient): ReadHistory =>
  async (patterns, from, until) => {
    const prefixes = [...new Set(patterns.map((pattern) => pattern.split('*')[0] ?? ''))];
    const catalogue = createCloudWatch(cloudWatch);
    const known = [];
    for (const prefix of prefixes) known.push(...(await catalogue.describeAlarmFacts(prefix)));
    const alarmNames = [...new Set(known.map(({ alarmName }) => alarmName))].filter((name) =>
      patterns.some((pattern) => matchesPattern(pattern, name)),
    );
    const alarms: AlarmChange[] = [];
    for (const AlarmName of alarmNames) {
      const pages = paginateDescribeAlarmHistory(
        { client: cloudWatch, pageSize: 100 },
        {
          AlarmName,
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          HistoryItemType: 'StateUpdate',
          StartDate: toDate(from),
          EndDate: toDate(until),
        },
      );
      for await (const { AlarmHistoryItems = [] } of pages) {
        alarms.push(...AlarmHistoryItems.flatMap((item) => toAlarmChange(item) ?? []));
      }
    }
    const activities: PastActivity[] = [];
    // Newest first, of every group at once: what is older than the history need not be read.
    for await (const { Activities = [] } of paginateDescribeScalingActivities(
      { client: autoScaling, pageSize: 100 },
      {},
    )) {
      const some = Activities.map(toPastActivity);
      activities.push(...some.filter(({ startedAt }) => startedAt >= from));
      if (some.length > 0 && some.every(({ startedAt }) => startedAt < from)) break;
    }
    return {
      from,
      until,
      alarms: alarms.sort(byTime(({ at }) => at)),
      activities: activities.sort(byTime(({ startedAt }) => startedAt)),
      alarmNames,
    };
  };
