import {
  type CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  GetMetricDataCommand,
  ListAlarmMuteRulesCommand,
  type LogAlarm,
  type MetricAlarm,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import type { AlarmFacts } from '../domain/readiness/readiness-facts.ts';
import { isOkForWantOfData, type StateReason, triggeringAlarms } from '../domain/signals/alarm-data.ts';
import type { AlarmState } from '../domain/signals/decide-start.ts';
import { toDate } from '../domain/times.ts';

/** Amazon CloudWatch, as far as Holdfast uses it. */
export interface CloudWatch {
  /** The alarm's present state, or `undefined` when there is no such alarm. Throws when it cannot be read. */
  describeAlarm(alarmName: string): Promise<AlarmState | undefined>;
  /** Every alarm that is in ALARM now. */
  describeAlarmsInAlarm(): Promise<AlarmState[]>;
  /** Why the alarm is muted now, or `undefined` when no mute rule is active. Throws when that cannot be read. */
  describeMute(alarmName: string): Promise<string | undefined>;
}

/** The alarms of an account, for who looks whether the rules of a policy can start. */
export interface AlarmCatalogue {
  /** The alarms whose name begins so, all of them for an empty text. One call for 100 of them. */
  describeAlarmFacts(namePrefix: string): Promise<AlarmFacts[]>;
  /**
   * Whether the metric of an alarm had any data between two times (ISO 8601); `undefined` for an alarm that has no metric
   * of its own.
   */
  hasData(alarmName: string, from: string, until: string): Promise<boolean | undefined>;
}

/** Without its type an alarm is left out (CloudWatch API reference, DescribeAlarms). */
const olderTypes: NonNullable<DescribeAlarmsCommandInput['AlarmTypes']> = ['MetricAlarm', 'CompositeAlarm'];
const allTypes: NonNullable<DescribeAlarmsCommandInput['AlarmTypes']> = [...olderTypes, 'LogAlarm'];

/** How deep composite alarms of composite alarms are followed, and how many alarms are asked for at once. */
const childLevelsMax = 3;
const alarmNamesPerCall = 100;

/** What all kinds of alarms have, and what some do. */
type DescribedAlarm = MetricAlarm & CompositeAlarm & LogAlarm;

/** Enough to know whether there are any. */
const dataPointsRead = 500;

/** The metric of an alarm, or the expression over some, as GetMetricData asks for it. */
const queriesOf = (alarm: DescribedAlarm): MetricDataQuery[] => {
  const { Metrics, MetricName, Namespace, Dimensions, Period = 60, Statistic, ExtendedStatistic } = alarm;
  if (Metrics !== undefined && Metrics.length > 0) return Metrics;
  if (MetricName === undefined || Namespace === undefined) return [];
  const Metric = { MetricName, Namespace, ...(Dimensions === undefined ? {} : { Dimensions }) };
  // CloudWatch keeps what is finer than a minute for three hours only (GetMetricStatistics, "Period").
  const stat = { Metric, Period: Math.max(60, Period), Stat: Statistic ?? ExtendedStatistic ?? 'Sum' };
  return [{ Id: 'm1', MetricStat: stat }];
};

/** Why nothing is started for the alarm although it is in ALARM. */
const suppressedBecause = (alarm: DescribedAlarm): string | undefined => {
  if (alarm.ActionsEnabled === false) return "the alarm's actions are disabled";
  return alarm.ActionsSuppressedBy === undefined
    ? undefined
    : `the alarm's actions are suppressed by ${alarm.ActionsSuppressedBy}`;
};

const toAlarmState = (alarm: DescribedAlarm): AlarmState => {
  const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  if (alarm.AlarmName === undefined || alarm.AlarmArn === undefined || since === undefined) {
    throw new Error(
      `CloudWatch described the alarm ${alarm.AlarmName} without name, ARN or time of its state`,
    );
  }
  const suppressed = suppressedBecause(alarm);
  return {
    alarmName: alarm.AlarmName,
    alarmArn: alarm.AlarmArn,
    value: alarm.StateValue ?? 'INSUFFICIENT_DATA',
    since: since.toISOString(),
    ...(suppressed === undefined ? {} : { suppressedBecause: suppressed }),
  };
};

const reasonOf = (alarm: DescribedAlarm): StateReason => ({
  reason: alarm.StateReason ?? '',
  ...(alarm.StateReasonData === undefined ? {} : { reasonData: alarm.StateReasonData }),
  ...(alarm.EvaluationPeriods === undefined ? {} : { evaluationPeriods: alarm.EvaluationPeriods }),
  ...(alarm.DatapointsToAlarm === undefined ? {} : { datapointsToAlarm: alarm.DatapointsToAlarm }),
  ...(alarm.Threshold === undefined ? {} : { threshold: alarm.Threshold }),
  ...(alarm.ComparisonOperator === undefined ? {} : { comparisonOperator: alarm.ComparisonOperator }),
});

/** Whether CloudWatch does not know the operation, as a Region may that has no mute rules yet. */
const isUnknownOperation = (error: unknown): boolean =>
  error instanceof Error && /^(UnknownOperation|InvalidAction)(Exception)?$/.test(error.name);

/** Whether CloudWatch refuses the value itself: a Region may not know log alarms yet. */
const isRefusedValue = (error: unknown): boolean =>
  error instanceof Error && /^(Validation|InvalidParameter)/.test(error.name);

/** Wraps a client, which may be gated, in the few operations Holdfast makes. */
export const createCloudWatch = (client: CloudWatchClient): CloudWatch & AlarmCatalogue => {
  let alarmTypes = allTypes;
  /** What `describeAlarmFacts` described last, so that nobody has to ask for its metric. */
  const described = new Map<string, DescribedAlarm>();
  const logAlarms = new Set<string>();

  const describePages = async (input: DescribeAlarmsCommandInput): Promise<DescribedAlarm[]> => {
    const alarms: DescribedAlarm[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeAlarmsCommand({
          ...input,
          AlarmTypes: alarmTypes,
          MaxRecords: 100,
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      );
      alarms.push(
        ...(page.MetricAlarms ?? []),
        ...(page.CompositeAlarms ?? []),
        ...((page.LogAlarms ?? []) as DescribedAlarm[]),
      );
      for (const { AlarmName = '' } of page.LogAlarms ?? []) logAlarms.add(AlarmName);
      nextToken = page.NextToken;
    } while (nextToken !== undefined);
    return alarms;
  };

  const describe = async (input: DescribeAlarmsCommandInput): Promise<DescribedAlarm[]> => {
    try {
      return await describePages(input);
    } catch (error) {
      if (alarmTypes === olderTypes || !isRefusedValue(error)) throw error;
      alarmTypes = olderTypes;
      return describePages(input);
    }
  };

  /** Whether an alarm is OK only because nothing, or too little, was received: for a composite, any of its children. */
  const lacksData = async (alarm: DescribedAlarm, level = 1): Promise<boolean> => {
    if (alarm.StateValue === 'INSUFFICIENT_DATA') return true;
    if (alarm.StateValue !== 'OK') return false;
    if (alarm.AlarmRule === undefined) return isOkForWantOfData(reasonOf(alarm));
    const { alarmNames, lackData } = triggeringAlarms(alarm.StateReasonData);
    if (lackData) return true;
    if (alarmNames.length === 0 || level >= childLevelsMax) return false;
    const children = await describe({ AlarmNames: alarmNames.slice(0, alarmNamesPerCall) });
    for (const child of children) {
      if (await lacksData(child, level + 1)) return true;
    }
    return false;
  };

  return {
    describeAlarm: async (alarmName) => {
      const alarm = (await describe({ AlarmNames: [alarmName] })).at(0);
      if (alarm === undefined) return undefined;
      const state = toAlarmState(alarm);
      return state.value === 'OK' && (await lacksData(alarm)) ? { ...state, lacksData: true } : state;
    },

    describeAlarmFacts: async (namePrefix) =>
      (await describe(namePrefix === '' ? {} : { AlarmNamePrefix: namePrefix })).map((alarm) => {
        const suppressed = suppressedBecause(alarm);
        described.set(alarm.AlarmName ?? '', alarm);
        return {
          alarmName: alarm.AlarmName ?? '',
          value: alarm.StateValue ?? 'INSUFFICIENT_DATA',
          ...(suppressed === undefined ? {} : { suppressedBecause: suppressed }),
          ...(alarm.TreatMissingData === undefined ? {} : { treatMissingData: alarm.TreatMissingData }),
          ...(logAlarms.has(alarm.AlarmName ?? '') ? { kind: 'log' as const } : {}),
        };
      }),

    hasData: async (alarmName, from, until) => {
      const alarm = described.get(alarmName) ?? (await describe({ AlarmNames: [alarmName] })).at(0);
      const queries = alarm === undefined ? [] : queriesOf(alarm);
      if (queries.length === 0) return undefined;
      const { MetricDataResults = [] } = await client.send(
        new GetMetricDataCommand({
          MetricDataQueries: queries,
          StartTime: toDate(from),
          EndTime: toDate(until),
          ScanBy: 'TimestampDescending',
          MaxDatapoints: dataPointsRead,
        }),
      );
      return MetricDataResults.some(({ Values = [] }) => Values.length > 0);
    },

    describeAlarmsInAlarm: async () => (await describe({ StateValue: 'ALARM' })).map(toAlarmState),

    describeMute: async (alarmName) => {
      try {
        const { AlarmMuteRuleSummaries } = await client.send(
          new ListAlarmMuteRulesCommand({ AlarmName: alarmName, Statuses: ['ACTIVE'], MaxRecords: 1 }),
        );
        const rule = AlarmMuteRuleSummaries?.at(0);
        return rule === undefined ? undefined : `the alarm is muted by ${rule.AlarmMuteRuleArn}`;
      } catch (error) {
        if (isUnknownOperation(error)) return undefined;
        throw error;
      }
    },
  };
};
