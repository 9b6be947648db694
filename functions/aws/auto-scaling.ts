import {
  type Activity,
  type AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandInput,
  DescribeAutoScalingInstancesCommand,
  type AutoScalingGroup as DescribedGroup,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  ResumeProcessesCommand,
  type ScalingPolicy,
  type ScheduledUpdateGroupAction,
  SetDesiredCapacityCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  type SuspendProcessesCommandInput,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import pThrottle from 'p-throttle';
import type { AutoScalingGroup } from '../domain/auto-scaling-group.ts';
import type { AutoScalingCall, TagCall } from '../domain/calls.ts';
import { chunk } from '../domain/chunk.ts';
import { weights } from '../domain/group-units.ts';
import type { ScheduledAction } from '../domain/holds/group-record.ts';
import type { ScalingPolicyFacts } from '../domain/holds/plan-raise.ts';
import { groupsPerDescribe } from '../domain/limits.ts';

/** Amazon EC2 Auto Scaling, as far as Holdfast uses it. */
export interface AutoScaling {
  /** The groups of these names; a name AWS does not know is left out. One call per 100 names. */
  describeAutoScalingGroups(autoScalingGroupNames: string[]): Promise<AutoScalingGroup[]>;
  /** The groups that carry all of these tags. One call per 100 groups. */
  describeAutoScalingGroupsByTags(tags: Record<string, string>): Promise<AutoScalingGroup[]>;
  /**
   * The group and state of an instance now, or `undefined` when no group has it. One call.
   */
  describeAutoScalingInstance(
    instanceId: string,
  ): Promise<{ autoScalingGroupName: string; lifecycleState: string } | undefined>;
  /** The latest launches of a group, newest first: at most 100. One call. */
  describeLaunches(autoScalingGroupName: string): Promise<LaunchActivity[]>;
  /** The launch hooks of a group. One call; AWS does not page it. */
  describeLaunchHooks(autoScalingGroupName: string): Promise<LaunchHook[]>;
  /**
   * The status of an instance refresh of the group that has not ended, or `undefined` when none runs. One call.
   */
  describeInstanceRefresh(autoScalingGroupName: string): Promise<string | undefined>;
  /** The groups that carry a tag of this key, whatever it says. One call per 100 groups. */
  describeAutoScalingGroupsWithTag(key: string): Promise<AutoScalingGroup[]>;
  /**
   * The scaling policies of a group, or of every group of the account and Region, by group. One call per 100.
   */
  describePolicies(autoScalingGroupName?: string): Promise<Map<string, ScalingPolicyFacts[]>>;
  /**
   * The scheduled actions that set a size, of a group or of every group, by group. One call per 100. A one-off that has
   * run is not listed any more.
   */
  describeScheduledActions(autoScalingGroupName?: string): Promise<Map<string, ScheduledAction[]>>;
  /** Makes one planned call. Throws what the SDK throws. */
  make(call: AutoScalingCall | TagCall): Promise<void>;
}

/** A scaling activity that launched, or tried to launch, an instance. */
export interface LaunchActivity {
  activityId: string;
  /** Absent when nothing was launched. */
  instanceId?: string;
  cause: string;
  statusCode: string;
  statusMessage: string;
  /** ISO 8601. */
  startedAt: string;
  /** Absent while it goes on. */
  endedAt?: string;
}

/** A hook that instances wait in before they come into service. */
export interface LaunchHook {
  lifecycleHookName: string;
  heartbeatTimeoutSeconds: number;
  defaultResult: string;
}

/**
 * Pace of changing calls. All Auto Scaling calls of an account share one bucket of unpublished size (AWS knowledge
 * centre, "autoscaling-api-calls-throttled"); ten a second holds 500 groups within a minute and leaves the fleet's
 * own tools their share.
 */
const changingCallsPerSecond = 10;

/** One pace per client, however many executions share a process. */
const turns = new WeakMap<AutoScalingClient, () => Promise<void>>();
const nextTurn = (client: AutoScalingClient): (() => Promise<void>) => {
  const known = turns.get(client);
  if (known !== undefined) return known;
  const turn = pThrottle({ limit: 1, interval: 1000 / changingCallsPerSecond })(async () => {});
  turns.set(client, turn);
  return turn;
};

/** AWS still lists this process; it has not existed since API version 2011-01-01. */
const deprecatedProcess = 'RemoveFromLoadBalancerLowPriority';

const toAutoScalingGroup = (group: DescribedGroup): AutoScalingGroup => ({
  autoScalingGroupName: group.AutoScalingGroupName ?? '',
  ...(group.AutoScalingGroupARN === undefined ? {} : { autoScalingGroupArn: group.AutoScalingGroupARN }),
  ...(group.CreatedTime === undefined ? {} : { createdAt: group.CreatedTime.toISOString() }),
  minSize: group.MinSize ?? 0,
  maxSize: group.MaxSize ?? 0,
  desiredCapacity: group.DesiredCapacity ?? 0,
  ...(group.Status === undefined ? {} : { status: group.Status }),
  suspendedProcesses: (group.SuspendedProcesses ?? [])
    .map(({ ProcessName }) => ProcessName ?? '')
    .filter((process) => process !== deprecatedProcess),
  ...suspendedByAwsOf(group),
  tags: Object.fromEntries((group.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  instances: (group.Instances ?? []).map((instance) => ({
    instanceId: instance.InstanceId ?? '',
    lifecycleState: instance.LifecycleState ?? '',
    healthStatus: instance.HealthStatus ?? '',
    protectedFromScaleIn: instance.ProtectedFromScaleIn ?? false,
    availabilityZone: instance.AvailabilityZone ?? '',
    ...weightOf(instance.WeightedCapacity),
  })),
  targetGroupArns: group.TargetGroupARNs ?? [],
  otherTrafficSources: [
    ...(group.LoadBalancerNames ?? []),
    ...(group.TrafficSources ?? []).flatMap(({ Identifier = '', Type }) =>
      Type === 'elbv2' || (group.TargetGroupARNs ?? []).includes(Identifier) ? [] : [Identifier],
    ),
  ],
  ...launchTemplateOf(group),
  ...countsUnitsOf(group),
  ...(group.MixedInstancesPolicy === undefined ? {} : { hasMixedInstances: true }),
  ...(group.WarmPoolConfiguration === undefined ? {} : { hasWarmPool: true }),
  // More than one type is a list with commas: EC2, ELB, EBS, VPC_LATTICE (API reference, HealthCheckType).
  ...(/^(EC2|EBS)(,(EC2|EBS))*$/.test(group.HealthCheckType ?? '') ? { checksEc2Only: true } : {}),
  ...(asksForSpot(group) ? { hasSpot: true } : {}),
  ...(/^capacity-reservations-(first|only)$/.test(
    group.CapacityReservationSpecification?.CapacityReservationPreference ?? '',
  )
    ? { usesReservationsFirst: true }
    : {}),
  ...(group.AvailabilityZoneImpairmentPolicy?.ZonalShiftEnabled === true ? { hasZonalShift: true } : {}),
  ...(group.HealthCheckGracePeriod === undefined
    ? {}
    : { healthCheckGracePeriodSeconds: group.HealthCheckGracePeriod }),
});

/** Above its base a mixed instances policy asks for so many percent on demand, 100 where nothing is said (API reference, InstancesDistribution). */
const asksForSpot = ({ MixedInstancesPolicy: policy }: DescribedGroup): boolean =>
  policy !== undefined && (policy.InstancesDistribution?.OnDemandPercentageAboveBaseCapacity ?? 100) < 100;

/** A process that somebody suspended has the reason "User suspended at …" (API reference, SuspendedProcess). */
const suspendedByAwsOf = (group: DescribedGroup): Pick<AutoScalingGroup, 'suspendedByAws'> => {
  const processes = (group.SuspendedProcesses ?? []).flatMap(({ ProcessName = '', SuspensionReason = '' }) =>
    SuspensionReason === '' || SuspensionReason.startsWith('User suspended') ? [] : [ProcessName],
  );
  return processes.length === 0 ? {} : { suspendedByAws: processes };
};

/** AWS tells weights as texts of whole numbers (API reference, Instance). */
const weightOf = (weight: string | undefined): { weightedCapacity?: number } =>
  weight === undefined || !/^\d+$/.test(weight) ? {} : { weightedCapacity: Number(weight) };

const countsUnitsOf = (group: DescribedGroup): Pick<AutoScalingGroup, 'countsUnits'> => {
  if (group.DesiredCapacityType !== undefined && group.DesiredCapacityType !== 'units') {
    return { countsUnits: group.DesiredCapacityType };
  }
  const overrides = group.MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];
  return overrides.some(({ WeightedCapacity }) => WeightedCapacity !== undefined)
    ? { countsUnits: weights }
    : {};
};

const launchTemplateOf = (group: DescribedGroup): Pick<AutoScalingGroup, 'launchTemplate'> => {
  const template =
    group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;
  return template?.LaunchTemplateId === undefined
    ? {}
    : {
        launchTemplate: {
          launchTemplateId: template.LaunchTemplateId,
          // Without a version a group launches the default one (API reference, LaunchTemplateSpecification).
          version: template.Version ?? '$Default',
        },
      };
};

/** States in which an instance refresh still changes the group (API reference, InstanceRefresh). */
const refreshHasEnded = /^(Successful|Failed|Cancelled|RollbackSuccessful|RollbackFailed)$/;

/**
 * An activity names its instance only in its description: "Launching a new EC2 instance: i-…". One that launched
 * nothing says "Launching a new EC2 instance.  Status Reason: …". A launch into the warm pool is none of the group's:
 * "Launching a new EC2 instance into warm pool: i-…".
 */
const isLaunch = /^Launching a new EC2 instance(?! into warm pool)/i;

const toLaunchActivity = (activity: Activity): LaunchActivity[] => {
  const { ActivityId, Description = '', StartTime, EndTime } = activity;
  if (ActivityId === undefined || StartTime === undefined || !isLaunch.test(Description)) return [];
  const instanceId = /\bi-[0-9a-f]+\b/.exec(Description)?.[0];
  return [
    {
      activityId: ActivityId,
      ...(instanceId === undefined ? {} : { instanceId }),
      cause: activity.Cause ?? '',
      statusCode: activity.StatusCode ?? '',
      statusMessage: activity.StatusMessage ?? '',
      startedAt: StartTime.toISOString(),
      ...(EndTime === undefined ? {} : { endedAt: EndTime.toISOString() }),
    },
  ];
};

/**
 * Whether a policy may lower desired capacity: not a disabled or a predictive one, nor one that may not scale in, nor
 * one whose steps all add (API reference, ScalingPolicy).
 */
const canLower = (policy: ScalingPolicy): boolean => {
  if (policy.Enabled === false) return false;
  switch (policy.PolicyType) {
    case 'TargetTrackingScaling':
      return policy.TargetTrackingConfiguration?.DisableScaleIn !== true;
    case 'PredictiveScaling':
      return false;
    default: {
      const adjustments = [
        policy.ScalingAdjustment,
        ...(policy.StepAdjustments ?? []).map(({ ScalingAdjustment }) => ScalingAdjustment),
      ];
      return policy.AdjustmentType === 'ExactCapacity' || adjustments.some((by = 0) => by < 0);
    }
  }
};

const toScheduledAction = (action: ScheduledUpdateGroupAction): ScheduledAction[] => {
  const { DesiredCapacity, MinSize, MaxSize } = action;
  if (DesiredCapacity === undefined && MinSize === undefined && MaxSize === undefined) return [];
  return [
    {
      name: action.ScheduledActionName ?? '',
      ...(action.StartTime === undefined ? {} : { startsAt: action.StartTime.toISOString() }),
      ...(action.EndTime === undefined ? {} : { endsAt: action.EndTime.toISOString() }),
      ...(action.Recurrence === undefined ? {} : { recurrence: action.Recurrence }),
      ...(action.TimeZone === undefined ? {} : { timeZone: action.TimeZone }),
      ...(DesiredCapacity === undefined ? {} : { desiredCapacity: DesiredCapacity }),
      ...(MinSize === undefined ? {} : { minSize: MinSize }),
      ...(MaxSize === undefined ? {} : { maxSize: MaxSize }),
    },
  ];
};

/** Policies, or scheduled actions, per page (API reference: at most 100). */
const perPage = 100;

const ofGroup = (name: string | undefined): { AutoScalingGroupName?: string } =>
  name === undefined ? {} : { AutoScalingGroupName: name };

/** Everything that a listing has, page by page, by the group it belongs to. */
const byGroup = async <Listed extends { AutoScalingGroupName?: string | undefined }, Facts>(
  readPage: (page: {
    MaxRecords: number;
    NextToken?: string;
  }) => Promise<{ listed: Listed[] | undefined; NextToken: string | undefined }>,
  toFacts: (listed: Listed) => Facts[],
): Promise<Map<string, Facts[]>> => {
  const found = new Map<string, Facts[]>();
  let next: string | undefined;
  do {
    const { listed, NextToken } = await readPage({
      MaxRecords: perPage,
      ...(next === undefined ? {} : { NextToken: next }),
    });
    for (const each of listed ?? []) {
      const group = each.AutoScalingGroupName ?? '';
      found.set(group, [...(found.get(group) ?? []), ...toFacts(each)]);
    }
    next = NextToken;
  } while (next !== undefined);
  return found;
};

/** Wraps a client, which may be gated, in the few operations Holdfast makes. */
export const createAutoScaling = (client: AutoScalingClient): AutoScaling => {
  const describe = async (input: DescribeAutoScalingGroupsCommandInput): Promise<AutoScalingGroup[]> => {
    const groups: AutoScalingGroup[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeAutoScalingGroupsCommand({
          ...input,
          MaxRecords: groupsPerDescribe,
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      );
      groups.push(...(page.AutoScalingGroups ?? []).map(toAutoScalingGroup));
      nextToken = page.NextToken;
    } while (nextToken !== undefined);
    return groups;
  };

  return {
    describeAutoScalingGroups: async (autoScalingGroupNames) => {
      const groups: AutoScalingGroup[] = [];
      for (const AutoScalingGroupNames of chunk(autoScalingGroupNames, groupsPerDescribe)) {
        groups.push(...(await describe({ AutoScalingGroupNames })));
      }
      return groups;
    },

    describeAutoScalingGroupsByTags: (tags) =>
      describe({
        Filters: Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
      }),

    describeAutoScalingInstance: async (instanceId) => {
      const { AutoScalingInstances } = await client.send(
        new DescribeAutoScalingInstancesCommand({ InstanceIds: [instanceId] }),
      );
      const instance = AutoScalingInstances?.at(0);
      return instance === undefined
        ? undefined
        : {
            autoScalingGroupName: instance.AutoScalingGroupName ?? '',
            lifecycleState: instance.LifecycleState ?? '',
          };
    },

    describeLaunches: async (AutoScalingGroupName) => {
      const { Activities } = await client.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName, MaxRecords: 100 }),
      );
      return (Activities ?? []).flatMap(toLaunchActivity);
    },

    describeLaunchHooks: async (AutoScalingGroupName) => {
      const { LifecycleHooks } = await client.send(
        new DescribeLifecycleHooksCommand({ AutoScalingGroupName }),
      );
      return (LifecycleHooks ?? [])
        .filter(({ LifecycleTransition }) => LifecycleTransition === 'autoscaling:EC2_INSTANCE_LAUNCHING')
        .map((hook) => ({
          lifecycleHookName: hook.LifecycleHookName ?? '',
          heartbeatTimeoutSeconds: hook.HeartbeatTimeout ?? 3600,
          defaultResult: hook.DefaultResult ?? 'ABANDON',
        }));
    },

    describeInstanceRefresh: async (AutoScalingGroupName) => {
      const { InstanceRefreshes } = await client.send(
        new DescribeInstanceRefreshesCommand({ AutoScalingGroupName, MaxRecords: 100 }),
      );
      return (InstanceRefreshes ?? []).find(({ Status = '' }) => !refreshHasEnded.test(Status))?.Status;
    },

    describeAutoScalingGroupsWithTag: (key) => describe({ Filters: [{ Name: 'tag-key', Values: [key] }] }),

    describePolicies: (name) =>
      byGroup(
        async (page) => {
          const output = await client.send(new DescribePoliciesCommand({ ...ofGroup(name), ...page }));
          return { listed: output.ScalingPolicies, NextToken: output.NextToken };
        },
        (policy) => [{ name: policy.PolicyName ?? '', canLower: canLower(policy) }],
      ),

    describeScheduledActions: (name) =>
      byGroup(async (page) => {
        const output = await client.send(new DescribeScheduledActionsCommand({ ...ofGroup(name), ...page }));
        return { listed: output.ScheduledUpdateGroupActions, NextToken: output.NextToken };
      }, toScheduledAction),

    make: async (call) => {
      await nextTurn(client)();
      switch (call.operation) {
        case 'SuspendProcesses':
          await client.send(new SuspendProcessesCommand(withProcesses(call.input)));
          return;
        case 'ResumeProcesses':
          await client.send(new ResumeProcessesCommand(withProcesses(call.input)));
          return;
        case 'SetDesiredCapacity':
          await client.send(new SetDesiredCapacityCommand({ ...call.input, HonorCooldown: false }));
          return;
        case 'SetInstanceProtection':
          await client.send(new SetInstanceProtectionCommand(call.input));
          return;
        case 'CreateOrUpdateTags':
          await client.send(new CreateOrUpdateTagsCommand(call.input));
          return;
        case 'DeleteTags':
          await client.send(new DeleteTagsCommand(call.input));
          return;
        case 'UpdateAutoScalingGroup':
          await client.send(new UpdateAutoScalingGroupCommand(call.input));
          return;
        case 'EnterStandby':
          await client.send(
            new EnterStandbyCommand({
              ...call.input,
              // Without it a replacement would be launched, and one too many be ended at the exit.
              ShouldDecrementDesiredCapacity: true,
            }),
          );
          return;
        case 'ExitStandby':
          await client.send(new ExitStandbyCommand(call.input));
          return;
        case 'CompleteLifecycleAction':
          await client.send(
            new CompleteLifecycleActionCommand({
              ...call.input,
              // Whatever was planned: a launch is never continued from here.
              LifecycleActionResult: 'ABANDON',
            }),
          );
          return;
        case 'TerminateInstanceInAutoScalingGroup':
          await client.send(
            new TerminateInstanceInAutoScalingGroupCommand({
              ...call.input,
              ShouldDecrementDesiredCapacity: false,
            }),
          );
          return;
      }
    },
  };
};

/** To AWS an empty list of processes means all of them, so an empty list never leaves this module. */
const withProcesses = <Input extends SuspendProcessesCommandInput>(input: Input): Input => {
  if ((input.ScalingProcesses ?? []).length > 0) return input;
  throw new Error(
    `No process is named for ${input.AutoScalingGroupName}; to AWS that would mean all of them`,
  );
};
