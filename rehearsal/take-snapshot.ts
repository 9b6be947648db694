import {
  type AutoScalingClient,
  type AutoScalingGroup,
  DescribeLifecycleHooksCommand,
  paginateDescribeAutoScalingGroups,
  paginateDescribePolicies,
} from '@aws-sdk/client-auto-scaling';
import { type CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import pMap from 'p-map';
import { optInTag } from '../functions/domain/auto-scaling-group.ts';
import { holdTagKey } from '../functions/domain/holds/hold-tag.ts';
import { rulesForAlarm } from '../functions/domain/signals/match-rules.ts';
import type { Policy } from '../functions/events/policy.ts';
import type { Fleet } from './fleet-file.ts';

/** What a snapshot needs. */
export interface SnapshotOptions {
  autoScaling: AutoScalingClient;
  cloudWatch: CloudWatchClient;
  /** Which tags and alarms are of use. */
  policy: Policy;
  /** Whether groups and policies are called by numbers. */
  masksNames: boolean;
}

/** Lifecycle hooks are asked for group by group; more at once only throttles. */
const hooksAtOnce = 4;

const describeGroups = async (client: AutoScalingClient): Promise<AutoScalingGroup[]> => {
  const groups: AutoScalingGroup[] = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client, pageSize: 100 }, {})) {
    groups.push(...(page.AutoScalingGroups ?? []));
  }
  return groups;
};

type Described<Field extends keyof Fleet> = NonNullable<Fleet[Field]>;

const describePolicies = async (client: AutoScalingClient): Promise<Described<'ScalingPolicies'>> => {
  const policies: Described<'ScalingPolicies'> = [];
  for await (const page of paginateDescribePolicies({ client, pageSize: 100 }, {})) {
    for (const {
      AutoScalingGroupName = '',
      PolicyName = '',
      TargetTrackingConfiguration,
    } of page.ScalingPolicies ?? []) {
      const type = TargetTrackingConfiguration?.PredefinedMetricSpecification?.PredefinedMetricType;
      policies.push({
        AutoScalingGroupName,
        PolicyName,
        ...(TargetTrackingConfiguration?.TargetValue === undefined
          ? {}
          : {
              TargetTrackingConfiguration: {
                TargetValue: TargetTrackingConfiguration.TargetValue,
                DisableScaleIn: TargetTrackingConfiguration.DisableScaleIn ?? false,
                ...(type === undefined
                  ? {}
                  : { PredefinedMetricSpecification: { PredefinedMetricType: type } }),
              },
            }),
      });
    }
  }
  return policies;
};

const describeHooks = async (
  client: AutoScalingClient,
  names: string[],
): Promise<Described<'LifecycleHooks'>> => {
  const answers = await pMap(
    names,
    (AutoScalingGroupName) => client.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName })),
    { concurrency: hooksAtOnce },
  );
  return answers.flatMap(({ LifecycleHooks = [] }) =>
    LifecycleHooks.map((hook) => ({
      AutoScalingGroupName: hook.AutoScalingGroupName ?? '',
      LifecycleHookName: hook.LifecycleHookName ?? '',
      LifecycleTransition:
        hook.LifecycleTransition === 'autoscaling:EC2_INSTANCE_TERMINATING'
          ? ('autoscaling:EC2_INSTANCE_TERMINATING' as const)
          : ('autoscaling:EC2_INSTANCE_LAUNCHING' as const),
      HeartbeatTimeout: hook.HeartbeatTimeout ?? 3600,
      DefaultResult: hook.DefaultResult === 'CONTINUE' ? ('CONTINUE' as const) : ('ABANDON' as const),
    })),
  );
};

const describeAlarms = async (
  client: CloudWatchClient,
  policy: Policy,
): Promise<Described<'MetricAlarms'>> => {
  const alarms: Described<'MetricAlarms'> = [];
  for await (const page of paginateDescribeAlarms({ client, pageSize: 100 }, {})) {
    for (const { AlarmName = '' } of page.MetricAlarms ?? []) {
      if (rulesForAlarm(policy, AlarmName).length > 0) alarms.push({ AlarmName });
    }
  }
  return alarms;
};

/**
 * Reads a fleet for a rehearsal: only what the rehearsal needs, and nothing that is secret. It changes nothing.
 *
 * @throws what AWS answers, when something may not be read
 */
export const takeSnapshot = async ({
  autoScaling,
  cloudWatch,
  policy,
  masksNames,
}: SnapshotOptions): Promise<Fleet> => {
  const groups = await describeGroups(autoScaling);
  const names = groups.map(({ AutoScalingGroupName = '' }) => AutoScalingGroupName);
  const [policies, hooks, alarms] = [
    await describePolicies(autoScaling),
    await describeHooks(autoScaling, names),
    await describeAlarms(cloudWatch, policy),
  ];
  const numbers = new Map(names.map((name, index) => [name, `group-${String(index + 1).padStart(4, '0')}`]));
  const told = (name: string): string => (masksNames ? (numbers.get(name) ?? 'group') : name);
  const wanted = new Set([
    optInTag.key,
    holdTagKey,
    ...policy.rules.flatMap(({ targets }) => Object.keys(targets.tags)),
  ]);
  return {
    AutoScalingGroups: groups.map((group) => ({
      AutoScalingGroupName: told(group.AutoScalingGroupName ?? ''),
      MinSize: group.MinSize ?? 0,
      MaxSize: group.MaxSize ?? 0,
      DesiredCapacity: group.DesiredCapacity ?? 0,
      AvailabilityZones: group.AvailabilityZones ?? [],
      HealthCheckType: group.HealthCheckType ?? 'EC2',
      HealthCheckGracePeriod: group.HealthCheckGracePeriod ?? 0,
      NewInstancesProtectedFromScaleIn: group.NewInstancesProtectedFromScaleIn ?? false,
      Instances: (group.Instances ?? []).map(({ InstanceType, WeightedCapacity }) => ({
        InstanceType,
        ...(WeightedCapacity === undefined ? {} : { WeightedCapacity }),
      })),
      Tags: (group.Tags ?? []).flatMap(({ Key = '', Value = '' }) =>
        wanted.has(Key) ? [{ Key, Value }] : [],
      ),
      SuspendedProcesses: (group.SuspendedProcesses ?? []).map(({ ProcessName = '' }) => ({ ProcessName })),
    })),
    ScalingPolicies: policies.map((each, index) => ({
      ...each,
      AutoScalingGroupName: told(each.AutoScalingGroupName),
      PolicyName: masksNames ? `policy-${index + 1}` : each.PolicyName,
    })),
    LifecycleHooks: hooks.map((each, index) => ({
      ...each,
      AutoScalingGroupName: told(each.AutoScalingGroupName),
      LifecycleHookName: masksNames ? `hook-${index + 1}` : each.LifecycleHookName,
    })),
    // Their names say what a policy names; masked, whether there are any stays unsaid.
    ...(masksNames ? {} : { MetricAlarms: alarms }),
  };
};
