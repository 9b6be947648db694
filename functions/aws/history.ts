import {
  type Activity,
  type AutoScalingClient,
  paginateDescribeScalingActivities,
} from '@aws-sdk/client-auto-scaling';
import {
  type AlarmHistoryItem,
  type AlarmType,
  type CloudWatchClient,
  paginateDescribeAlarmHistory,
} from '@aws-sdk/client-cloudwatch';
import type { AlarmChange, History, PastActivity, TakenBecause } from '../domain/backtest/history.ts';
import type { AlarmFacts } from '../domain/readiness/readiness-facts.ts';
import { isOkForWantOfData } from '../domain/signals/alarm-data.ts';
import { matchesPattern } from '../domain/signals/match-rules.ts';
import { toDate } from '../domain/times.ts';
import { createCloudWatch } from './cloudwatch.ts';

/** What a change of state holds (CloudWatch User Guide, "Alarm history"; the shape is that of the event). */
interface StateUpdate {
  oldState?: { stateValue?: string };
  newState?: { stateValue?: string; stateReason?: string; stateReasonData?: unknown };
}

const byTime =
  <Value>(at: (value: Value) => string) =>
  (a: Value, b: Value): number =>
    at(a) < at(b) ? -1 : 1;

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

/** What an alarm was before the first of its changes. */
const valueBefore = (items: AlarmHistoryItem[]): string | undefined => {
  const [first] = [...items].sort(byTime(({ Timestamp }) => Timestamp?.toISOString() ?? ''));
  try {
    return (JSON.parse(first?.HistoryData ?? '{}') as StateUpdate).oldState?.stateValue;
  } catch {
    return undefined;
  }
};

/** Of a kind that a Region may not know yet only where there is such an alarm. */
const typesOf = (kind: AlarmFacts['kind']): AlarmType[] =>
  kind === 'log' ? ['LogAlarm'] : ['MetricAlarm', 'CompositeAlarm'];

/**
 * Why an instance was taken, from the sentence of its activity; the first that fits.
 * Source: Amazon EC2 Auto Scaling User Guide, "Verify a scaling activity" and "Troubleshoot", and sentences as seen.
 */
const sentences: [RegExp, TakenBecause][] = [
  // It was gone already: nobody could have kept it.
  [/health[ -]?check.*(terminated or stopped|has been terminated)/i, 'something else'],
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
    const known = new Map<string, AlarmFacts>();
    for (const prefix of prefixes) {
      for (const alarm of await catalogue.describeAlarmFacts(prefix)) known.set(alarm.alarmName, alarm);
    }
    const fitting = [...known.values()].filter(({ alarmName }) =>
      patterns.some((pattern) => matchesPattern(pattern, alarmName)),
    );
    const alarms: AlarmChange[] = [];
    for (const { alarmName, kind, value: present } of fitting) {
      const items: AlarmHistoryItem[] = [];
      const pages = paginateDescribeAlarmHistory(
        { client: cloudWatch, pageSize: 100 },
        {
          AlarmName: alarmName,
          AlarmTypes: typesOf(kind),
          HistoryItemType: 'StateUpdate',
          StartDate: toDate(from),
          EndDate: toDate(until),
        },
      );
      for await (const { AlarmHistoryItems = [] } of pages) items.push(...AlarmHistoryItems);
      const changes = items.flatMap((item) => toAlarmChange(item) ?? []).sort(byTime(({ at }) => at));
      const before = valueBefore(items) ?? (changes.length === 0 ? present : undefined);
      // What was so already when the history begins, began then as far as anybody can tell.
      if (before === 'ALARM') alarms.push({ alarmName, at: from, value: 'ALARM' });
      alarms.push(...changes);
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
      alarmNames: fitting.map(({ alarmName }) => alarmName),
    };
  };
