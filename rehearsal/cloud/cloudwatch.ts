import type { VirtualTime } from '../virtual-time.ts';

/**
 * Amazon CloudWatch, simulated: one-minute metrics, alarms over them, events on a change of state.
 * Page names below are of the Amazon CloudWatch User Guide.
 */

/** A metric: one value a minute, or none. */
export interface MetricSpec {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
}

/** An alarm as a story describes it. */
export interface AlarmSpec {
  alarmName: string;
  metric: MetricSpec;
  comparison: 'GreaterThanThreshold' | 'LessThanThreshold';
  threshold: number;
  /** M datapoints of N one-minute periods. */
  datapointsToAlarm: number;
  evaluationPeriods: number;
  /** What is made of minutes without data; `missing` where nothing is said. */
  treatMissingData?: 'missing' | 'notBreaching' | 'breaching' | 'ignore';
  /** Called each minute while in ALARM: an Auto Scaling action repeats (AlarmThatSendsEmail). */
  onAlarmMinute?: (value: number) => void;
  /** Alarms of scaling policies belong to AWS and are left out of the timeline. */
  isHidden?: boolean;
}

type StateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

interface SimulatedAlarm extends AlarmSpec {
  value: StateValue;
  reason: string;
  since: number;
  previous: { value: StateValue; reason: string; since: number };
  datapoints: (number | undefined)[];
  actionsEnabled: boolean;
  reasonData: string;
}

interface SimulatedComposite extends CompositeAlarmSpec {
  value: StateValue;
  reason: string;
  since: number;
  reasonData: string;
}

/** The account and Region of every rehearsal. */
export const accountId = '123456789012';
export const region = 'us-east-1';

const alarmArn = (name: string): string => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`;
/** Alarm events write times with `+0000` where others write `Z` (cloudwatch-and-eventbridge). */
const alarmTime = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace('Z', '+0000');

const receivedText = (count: number): string => {
  if (count === 0) return 'no datapoints were';
  return count === 1 ? '1 datapoint was' : `${count} datapoints were`;
};
const treatedText = (missing: number): string =>
  `${missing} missing ${missing === 1 ? 'datapoint was' : 'datapoints were'} treated`;

/** An alarm over other alarms: it is in ALARM while any of them is. */
export interface CompositeAlarmSpec {
  alarmName: string;
  anyOf: string[];
  /** Its actions are suppressed while this alarm is in ALARM; its events go on, with a mark. */
  suppressor?: string;
}

/** Creates the service. `emit` delivers an event; `onChange` tells the timeline. */
export const createCloudWatchService = (
  time: VirtualTime,
  emit: (event: object) => void,
  onChange: (alarm: AlarmSpec, value: StateValue, reason: string) => void,
) => {
  const alarms = new Map<string, SimulatedAlarm>();
  const muted = new Set<string>();

  const stateOf = (
    value: StateValue,
    reason: string,
    since: number,
    reasonData = JSON.stringify({ version: '1.0', queryDate: alarmTime(since) }),
  ) => ({
    value,
    reason,
    reasonData,
    timestamp: alarmTime(since),
  });

  const emitStateChange = (
    { alarmName, since }: { alarmName: string; since: number },
    detail: { configuration: object; previousState: object; state: object },
  ): void =>
    emit({
      version: '0',
      'detail-type': 'CloudWatch Alarm State Change',
      source: 'aws.cloudwatch',
      account: accountId,
      time: new Date(since).toISOString().replace(/\.\d+Z/, 'Z'),
      region,
      resources: [alarmArn(alarmName)],
      detail: { alarmName, ...detail },
    });

  const emitChange = (alarm: SimulatedAlarm): void => {
    const { metric } = alarm;
    emitStateChange(alarm, {
      configuration: {
        metrics: [
          {
            id: 'm1',
            metricStat: {
              metric: { dimensions: metric.dimensions, name: metric.name, namespace: metric.namespace },
              period: 60,
              stat: 'Average',
            },
            returnData: true,
          },
        ],
      },
      previousState: stateOf(alarm.previous.value, alarm.previous.reason, alarm.previous.since),
      state: {
        ...stateOf(alarm.value, alarm.reason, alarm.since, alarm.reasonData),
        ...(muted.has(alarm.alarmName)
          ? { muteDetail: { mutedByArn: `arn:aws:cloudwatch:${region}:${accountId}:alarm-mute-rule:mute` } }
          : {}),
      },
    });
  };

  /**
   * What CloudWatch tells of the points it evaluated: those that came have a value (cloudwatch-and-eventbridge).
   */
  const reasonDataOf = ({ datapoints, evaluationPeriods, threshold }: SimulatedAlarm, at: number): string => {
    const evaluated = datapoints.slice(-evaluationPeriods);
    return JSON.stringify({
      version: '1.0',
      queryDate: alarmTime(at),
      statistic: 'Average',
      period: 60,
      recentDatapoints: evaluated.filter((value) => value !== undefined),
      threshold,
      evaluatedDatapoints: evaluated.map((value, index) => ({
        timestamp: alarmTime(at - (evaluated.length - index) * 60_000),
        ...(value === undefined ? {} : { sampleCount: 1, value }),
      })),
    });
  };

  /** Changes of state, newest first, as CloudWatch keeps them (API reference, DescribeAlarmHistory). */
  const history: { alarmName: string; at: number; newState: object }[] = [];

  const setState = (alarm: SimulatedAlarm, value: StateValue, reason: string): void => {
    if (alarm.value === value) return;
    alarm.previous = { value: alarm.value, reason: alarm.reason, since: alarm.since };
    alarm.value = value;
    alarm.reason = reason;
    alarm.since = time.now();
    alarm.reasonData = reasonDataOf(alarm, alarm.since);
    const stateReasonData: unknown = JSON.parse(alarm.reasonData);
    const newState = { stateValue: value, stateReason: reason, stateReasonData };
    history.unshift({ alarmName: alarm.alarmName, at: alarm.since, newState });
    onChange(alarm, value, reason);
    emitChange(alarm);
  };

  /**
   * M of N datapoints. Missing data is left out (TreatMissingData `missing`, the default): when all of the last N
   * are missing the alarm has INSUFFICIENT_DATA; when too few are known to decide, it stays as it is.
   * With `notBreaching` a missing point counts as a good one.
   * Source: AlarmThatSendsEmail, "Configuring how alarms treat missing data"; texts as seen from 2018 to 2026.
   */
  const evaluate = (alarm: SimulatedAlarm): void => {
    const window = alarm.datapoints.slice(-alarm.evaluationPeriods);
    const known = window.filter((value) => value !== undefined);
    const breaching = known.filter((value) =>
      alarm.comparison === 'GreaterThanThreshold' ? value > alarm.threshold : value < alarm.threshold,
    );
    const missing = window.length - known.length;
    const missingBreach = alarm.treatMissingData === 'breaching' ? missing : 0;
    // As a whole it is ignored only where nothing at all came; else it is left out like `missing`.
    if (alarm.treatMissingData === 'ignore' && known.length === 0) return;
    if (breaching.length + missingBreach >= alarm.datapointsToAlarm && missingBreach > 0) {
      setState(
        alarm,
        'ALARM',
        `Threshold Crossed: ${receivedText(known.length)} received for ${window.length} periods and ${treatedText(missing)} as [Breaching].`,
      );
    } else if (breaching.length >= alarm.datapointsToAlarm) {
      setState(
        alarm,
        'ALARM',
        `Threshold Crossed: ${breaching.length} out of the last ${window.length} datapoints [${known.map((v) => v.toFixed(1)).join(', ')}] crossed the threshold (${alarm.threshold.toFixed(1)}).`,
      );
    } else if (alarm.treatMissingData === 'notBreaching' && missing > 0) {
      setState(
        alarm,
        'OK',
        `Threshold Crossed: ${receivedText(known.length)} received for ${window.length} periods and ${treatedText(missing)} as [NonBreaching].`,
      );
    } else if (known.length === 0) {
      setState(alarm, 'INSUFFICIENT_DATA', `Insufficient Data: ${window.length} datapoints were unknown.`);
    } else if (known.length - breaching.length > alarm.evaluationPeriods - alarm.datapointsToAlarm) {
      setState(
        alarm,
        'OK',
        `Threshold Crossed: ${known.length - breaching.length} datapoints were not breaching.`,
      );
    }
    const latest = known.at(-1);
    if (alarm.value === 'ALARM' && latest !== undefined) alarm.onAlarmMinute?.(latest);
  };

  const describe = (alarm: SimulatedAlarm) => ({
    AlarmName: alarm.alarmName,
    AlarmArn: alarmArn(alarm.alarmName),
    StateValue: alarm.value,
    StateReason: alarm.reason,
    StateReasonData: alarm.reasonData,
    ActionsEnabled: alarm.actionsEnabled,
    MetricName: alarm.metric.name,
    Namespace: alarm.metric.namespace,
    Dimensions: Object.entries(alarm.metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Period: 60,
    Statistic: 'Average',
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparison,
    TreatMissingData: alarm.treatMissingData ?? 'missing',
    StateUpdatedTimestamp: new Date(alarm.since),
    StateTransitionedTimestamp: new Date(alarm.since),
  });

  const composites = new Map<string, SimulatedComposite>();
  const isIn = (name: string, value: StateValue): boolean => alarms.get(name)?.value === value;
  const suppressionOf = ({ suppressor }: CompositeAlarmSpec): { by: string; reason: string } | undefined =>
    suppressor !== undefined && isIn(suppressor, 'ALARM')
      ? { by: 'Alarm', reason: `Actions suppressed by ${suppressor}` }
      : undefined;

  /** Composite alarms follow the others at once (Create_Composite_Alarm; shape of the event: cloudwatch-and-eventbridge). */
  const evaluateComposite = (alarm: SimulatedComposite): void => {
    const value = alarm.anyOf.some((name) => isIn(name, 'ALARM')) ? 'ALARM' : 'OK';
    if (alarm.value === value) return;
    const previous = { ...alarm };
    const changed = alarm.anyOf.map((name) => alarms.get(name)).find((each) => each?.since === time.now());
    alarm.value = value;
    alarm.since = time.now();
    const cause = alarmArn(changed?.alarmName ?? alarm.anyOf[0] ?? '');
    alarm.reason = `${cause} transitioned to ${value} at ${alarmTime(alarm.since)}`;
    alarm.reasonData = JSON.stringify({
      triggeringAlarms: [{ arn: cause, state: { value, timestamp: alarmTime(alarm.since) } }],
    });
    const suppression = suppressionOf(alarm);
    emitStateChange(alarm, {
      configuration: {
        alarmRule: alarm.anyOf.map((name) => `ALARM(${name})`).join(' OR '),
        ...(alarm.suppressor === undefined ? {} : { actionsSuppressor: alarm.suppressor }),
      },
      previousState: stateOf(previous.value, previous.reason, previous.since, previous.reasonData),
      state: {
        ...stateOf(value, alarm.reason, alarm.since, alarm.reasonData),
        ...(suppression === undefined
          ? {}
          : { actionsSuppressedBy: suppression.by, actionsSuppressedReason: suppression.reason }),
      },
    });
  };

  const describeComposite = (alarm: SimulatedComposite) => {
    const suppression = suppressionOf(alarm);
    return {
      AlarmName: alarm.alarmName,
      AlarmArn: alarmArn(alarm.alarmName),
      StateValue: alarm.value,
      StateReason: alarm.reason,
      StateReasonData: alarm.reasonData,
      ActionsEnabled: true,
      StateUpdatedTimestamp: new Date(alarm.since),
      StateTransitionedTimestamp: new Date(alarm.since),
      ...(suppression === undefined
        ? {}
        : { ActionsSuppressedBy: suppression.by, ActionsSuppressedReason: suppression.reason }),
    };
  };

  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    DescribeAlarms: (input) => {
      const names = input.AlarmNames as string[] | undefined;
      const types = (input.AlarmTypes ?? ['MetricAlarm']) as string[];
      const matching = [...alarms.values()].filter(
        ({ alarmName, value }) =>
          (names === undefined || names.includes(alarmName)) &&
          alarmName.startsWith(String(input.AlarmNamePrefix ?? '')) &&
          (input.StateValue === undefined || input.StateValue === value),
      );
      const start = Number(input.NextToken ?? 0);
      const end = start + Number(input.MaxRecords ?? 50);
      return {
        MetricAlarms: types.includes('MetricAlarm') ? matching.slice(start, end).map(describe) : [],
        CompositeAlarms: types.includes('CompositeAlarm')
          ? [...composites.values()]
              .filter(
                ({ alarmName, value }) =>
                  (names === undefined || names.includes(alarmName)) &&
                  alarmName.startsWith(String(input.AlarmNamePrefix ?? '')) &&
                  (input.StateValue === undefined || input.StateValue === value) &&
                  input.NextToken === undefined,
              )
              .map(describeComposite)
          : [],
        ...(end < matching.length ? { NextToken: String(end) } : {}),
      };
    },
    DescribeAlarmHistory: ({ AlarmName, StartDate, EndDate, MaxRecords = 50, NextToken = 0 }) => {
      const from = Date.parse(String(StartDate));
      const until = Date.parse(String(EndDate));
      const found = history.filter(
        ({ alarmName, at }) => alarmName === AlarmName && at >= from && at <= until,
      );
      const end = Number(NextToken) + Number(MaxRecords);
      return {
        AlarmHistoryItems: found.slice(Number(NextToken), end).map(({ alarmName, at, newState }) => ({
          AlarmName: alarmName,
          Timestamp: new Date(at),
          HistoryItemType: 'StateUpdate',
          HistoryData: JSON.stringify({ version: '1.0', newState }),
        })),
        ...(end < found.length ? { NextToken: String(end) } : {}),
      };
    },
    // Of a metric of one alarm: its latest minutes, which are all that is kept here.
    GetMetricData: ({ MetricDataQueries }) => ({
      MetricDataResults: (
        MetricDataQueries as { Id: string; MetricStat: { Metric: { MetricName: string } } }[]
      ).map(({ Id, MetricStat: { Metric } }) => ({
        Id,
        StatusCode: 'Complete',
        Values: [...alarms.values()]
          .filter(({ metric }) => metric.name === Metric.MetricName)
          .flatMap(({ datapoints }) => datapoints)
          .filter((value) => value !== undefined),
      })),
    }),
    ListAlarmMuteRules: (input) => ({
      AlarmMuteRuleSummaries: muted.has(String(input.AlarmName))
        ? [
            {
              AlarmMuteRuleArn: `arn:aws:cloudwatch:${region}:${accountId}:alarm-mute-rule:mute`,
              Status: 'ACTIVE',
            },
          ]
        : [],
    }),
  };

  return {
    /** Adds an alarm that has been OK for a day. */
    putMetricAlarm: (spec: AlarmSpec): void => {
      const since = time.now() - 86_400_000;
      const state = { value: 'OK' as const, reason: 'Unchecked: Initial alarm creation', since };
      alarms.set(spec.alarmName, {
        ...spec,
        ...state,
        previous: state,
        datapoints: [],
        actionsEnabled: true,
        reasonData: '{}',
      });
    },
    /** Adds a composite alarm that has been OK for a day. */
    putCompositeAlarm: (spec: CompositeAlarmSpec): void => {
      const since = time.now() - 86_400_000;
      composites.set(spec.alarmName, { ...spec, value: 'OK', reason: '', since, reasonData: '{}' });
    },
    deleteAlarm: (name: string): void => {
      alarms.delete(name);
    },
    /** Delivers an event of an earlier change into ALARM, as one that comes late, or once more, does. */
    deliverLate: (name: string, changedAt: number): void => {
      const alarm = alarms.get(name);
      if (alarm === undefined) throw new Error(`There is no alarm ${name}`);
      const reason = 'Threshold Crossed: an event of an earlier change.';
      emitChange({ ...alarm, value: 'ALARM', reason, since: changedAt });
    },
    /** What DisableAlarmActions does: the alarm's events go on as before. */
    disableActions: (name: string): void => {
      const alarm = alarms.get(name);
      if (alarm !== undefined) alarm.actionsEnabled = false;
    },
    /** What EnableAlarmActions does. */
    enableActions: (name: string): void => {
      const alarm = alarms.get(name);
      if (alarm !== undefined) alarm.actionsEnabled = true;
    },
    /** Mutes an alarm: its events go on, with a mark. */
    mute: (name: string): void => {
      muted.add(name);
    },
    /** One minute's datapoint of every metric, and one evaluation of every alarm. */
    evaluateMinute: (read: (metric: MetricSpec) => number | undefined): void => {
      for (const alarm of alarms.values()) {
        alarm.datapoints.push(read(alarm.metric));
        if (alarm.datapoints.length > 60) alarm.datapoints.shift();
        evaluate(alarm);
      }
      for (const alarm of composites.values()) evaluateComposite(alarm);
    },
    handle: (operation: string, input: Record<string, unknown>): object => {
      const answer = operations[operation];
      if (answer === undefined) throw new Error(`The simulated CloudWatch does not know ${operation} yet`);
      return answer(input);
    },
  };
};

/** The simulated service. */
export type CloudWatchService = ReturnType<typeof createCloudWatchService>;
