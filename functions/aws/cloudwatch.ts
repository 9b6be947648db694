import {
  type CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  ListAlarmMuteRulesCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import type { AlarmState } from '../domain/decide-start.ts';

/** Amazon CloudWatch, as far as Holdfast uses it. */
export interface CloudWatch {
  /** The alarm's present state, or `undefined` when there is no such alarm. Throws when it cannot be read. */
  describeAlarm(alarmName: string): Promise<AlarmState | undefined>;
  /** Every alarm that is in ALARM now. */
  describeAlarmsInAlarm(): Promise<AlarmState[]>;
  /** Why the alarm is muted now, or `undefined` when no mute rule is active. Throws when that cannot be read. */
  describeMute(alarmName: string): Promise<string | undefined>;
}

/** Without both types CloudWatch leaves composite alarms out (CloudWatch API reference, DescribeAlarms). */
const AlarmTypes: NonNullable<DescribeAlarmsCommandInput['AlarmTypes']> = ['MetricAlarm', 'CompositeAlarm'];

const toAlarmState = (alarm: MetricAlarm & CompositeAlarm): AlarmState => {
  const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  if (alarm.AlarmName === undefined || alarm.AlarmArn === undefined || since === undefined) {
    throw new Error(
      `CloudWatch described the alarm ${alarm.AlarmName} without name, ARN or time of its state`,
    );
  }
  return {
    alarmName: alarm.AlarmName,
    alarmArn: alarm.AlarmArn,
    value: alarm.StateValue ?? 'INSUFFICIENT_DATA',
    since: since.toISOString(),
    ...(alarm.ActionsSuppressedBy === undefined
      ? {}
      : { suppressedBecause: `the alarm's actions are suppressed by ${alarm.ActionsSuppressedBy}` }),
  };
};

/** Wraps a client, which may be gated, in the few operations Holdfast makes. */
export const createCloudWatch = (client: CloudWatchClient): CloudWatch => {
  const describe = async (input: DescribeAlarmsCommandInput): Promise<AlarmState[]> => {
    const alarms: AlarmState[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeAlarmsCommand({
          ...input,
          AlarmTypes,
          MaxRecords: 100,
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      );
      alarms.push(...[...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])].map(toAlarmState));
      nextToken = page.NextToken;
    } while (nextToken !== undefined);
    return alarms;
  };

  return {
    describeAlarm: async (alarmName) => (await describe({ AlarmNames: [alarmName] })).at(0),

    describeAlarmsInAlarm: () => describe({ StateValue: 'ALARM' }),

    describeMute: async (alarmName) => {
      const { AlarmMuteRuleSummaries } = await client.send(
        new ListAlarmMuteRulesCommand({ AlarmName: alarmName, Statuses: ['ACTIVE'], MaxRecords: 1 }),
      );
      const rule = AlarmMuteRuleSummaries?.at(0);
      return rule === undefined ? undefined : `the alarm is muted by ${rule.AlarmMuteRuleArn}`;
    },
  };
};
