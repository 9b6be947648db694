import type { VirtualTime } from '../virtual-time.ts';
import {
  type AutoScalingQuirks,
  groupArnOf,
  type SimulatedGroup,
  shownState,
  targetGroupArnOf,
  weightOf,
} from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';
import type { InstanceLifecycle } from './instance-lifecycle.ts';
import { describeActivities } from './scaling-activities.ts';
import { createStandby } from './standby.ts';

const processes = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
];

/**
 * The API of Amazon EC2 Auto Scaling over simulated groups: its operations, limits and refusals.
 *
 * @param setDesired changes desired capacity within minimum and maximum, and tells why
 */
export const createAutoScalingApi = (
  time: VirtualTime,
  groups: Map<string, SimulatedGroup>,
  lifecycle: InstanceLifecycle,
  quirks: AutoScalingQuirks,
  setDesired: (group: SimulatedGroup, desired: number, because: string) => void,
) => {
  const standby = createStandby(time, quirks, setDesired);

  const groupOrRefuse = (name: unknown): SimulatedGroup => {
    const group = groups.get(String(name));
    if (group === undefined) {
      throw new CloudError(
        'ValidationError',
        `AutoScalingGroup name not found - AutoScalingGroup: ${name} not found`,
      );
    }
    return group;
  };

  /** Omitting the list, or an empty one, means all processes. Source: API reference, SuspendProcesses. */
  const processesOf = (input: Record<string, unknown>): string[] => {
    const named = (input.ScalingProcesses ?? []) as string[];
    const unknown = named.find((process) => !processes.includes(process));
    if (unknown !== undefined) throw new CloudError('ValidationError', `Invalid process type: ${unknown}`);
    return named.length === 0 ? processes : named;
  };

  const launchTemplateOf = (group: SimulatedGroup) => ({
    LaunchTemplateId: group.launchTemplate.launchTemplateId,
    LaunchTemplateName: group.name,
    Version: group.launchTemplateVersion ?? '$Latest',
  });

  const describeGroup = (group: SimulatedGroup) => ({
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: groupArnOf(group),
    CreatedTime: new Date(group.createdAt),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    AvailabilityZones: group.availabilityZones,
    ...(group.weightedCapacity === undefined || group.groupDetails?.DesiredCapacityType !== undefined
      ? { LaunchTemplate: launchTemplateOf(group) }
      : {
          MixedInstancesPolicy: {
            LaunchTemplate: {
              LaunchTemplateSpecification: launchTemplateOf(group),
              Overrides: [{ InstanceType: group.instanceType, WeightedCapacity: group.weightedCapacity }],
            },
          },
        }),
    TargetGroupARNs: [targetGroupArnOf(group)].filter((arn) => arn !== undefined),
    HealthCheckType: group.healthCheckType,
    ...(group.warmPoolSize === undefined
      ? {}
      : { WarmPoolConfiguration: { MinSize: group.warmPoolSize, PoolState: 'Stopped' } }),
    ...(group.launchesBeforeTerminating === true
      ? { InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 } }
      : {}),
    NewInstancesProtectedFromScaleIn: group.newInstancesProtected === true,
    HealthCheckGracePeriod: group.healthCheckGracePeriodSeconds,
    ...(group.status === undefined ? {} : { Status: group.status }),
    SuspendedProcesses: [...group.suspended].map(([ProcessName, SuspensionReason]) => ({
      ProcessName,
      SuspensionReason,
    })),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: false,
    })),
    Instances: group.instances.map((instance) => ({
      InstanceId: instance.instanceId,
      // The type of the launch: a type that was changed since is EC2's to tell.
      InstanceType: group.launchTemplate.versions[0],
      AvailabilityZone: instance.availabilityZone,
      LifecycleState: shownState(instance, time.now()),
      HealthStatus: instance.healthStatus,
      ProtectedFromScaleIn: instance.protectedFromScaleIn,
      ...(group.weightedCapacity === undefined ? {} : { WeightedCapacity: group.weightedCapacity }),
    })),
    ...group.groupDetails,
  });

  const describeAutoScalingGroups = (input: Record<string, unknown>) => {
    const names = input.AutoScalingGroupNames as string[] | undefined;
    const filters = (input.Filters ?? []) as { Name: string; Values: string[] }[];
    const pageSize = Number(input.MaxRecords ?? 50);
    if (pageSize > 100) {
      throw new CloudError(
        'ValidationError',
        `1 validation error detected: Value '${pageSize}' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to 100`,
      );
    }
    const matching = [...groups.values()].filter(
      (group) =>
        (names === undefined || names.length === 0 || names.includes(group.name)) &&
        filters.every(({ Name, Values }) => {
          if (Name === 'tag-key') return Values.some((key) => key in group.tags);
          const value = group.tags[Name.replace(/^tag:/, '')];
          return value !== undefined && Values.includes(value);
        }),
    );
    const start = Number(input.NextToken ?? 0);
    const end = start + pageSize;
    return {
      AutoScalingGroups: matching.slice(start, end).map(describeGroup),
      ...(end < matching.length ? { NextToken: String(end) } : {}),
    };
  };

  /** The one group that a call is about, or all of them. */
  const groupsOf = (input: Record<string, unknown>): SimulatedGroup[] =>
    input.AutoScalingGroupName === undefined
      ? [...groups.values()]
      : [groupOrRefuse(input.AutoScalingGroupName)];

  /** One page of a list, at most 100 long. */
  const page = (input: Record<string, unknown>, name: string, all: object[]): object => {
    const start = Number(input.NextToken ?? 0);
    const end = start + Math.min(100, Number(input.MaxRecords ?? 50));
    return { [name]: all.slice(start, end), ...(end < all.length ? { NextToken: String(end) } : {}) };
  };

  /** Allowed in these states only (riff-raff issue 510, infrahouse-toolkit issue 223). */
  const setInstanceProtection = (input: Record<string, unknown>) => {
    const group = groupOrRefuse(input.AutoScalingGroupName);
    const ids = input.InstanceIds as string[];
    if (ids.length > 50) {
      throw new CloudError(
        'ValidationError',
        `1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length less than or equal to 50`,
      );
    }
    const fit = new Map(
      group.instances
        .filter(({ lifecycleState }) => ['InService', 'EnteringStandby', 'Standby'].includes(lifecycleState))
        .map((instance) => [instance.instanceId, instance]),
    );
    const unfit = ids.find((id) => !fit.has(id));
    if (unfit === undefined || !quirks.protectionIsAllOrNothing) {
      for (const id of ids) {
        const instance = fit.get(id);
        if (instance !== undefined) instance.protectedFromScaleIn = input.ProtectedFromScaleIn === true;
      }
    }
    if (unfit !== undefined) {
      throw new CloudError(
        'ValidationError',
        `The instance ${unfit} is not in InService or EnteringStandby or Standby.`,
      );
    }
    return {};
  };

  const findInstance = (instanceId: unknown) => {
    for (const group of groups.values()) {
      const instance = group.instances.find((candidate) => candidate.instanceId === instanceId);
      if (instance !== undefined) return { group, instance };
    }
    return undefined;
  };

  /**
   * The lifecycle action a call names by its token, or by instance and hook. One that was completed, or timed out, is
   * refused with a text of its own and the code of every other mistake (observed by several tools).
   */
  const findAction = (input: Record<string, unknown>) => {
    const group = groupOrRefuse(input.AutoScalingGroupName);
    const { InstanceId, LifecycleActionToken, LifecycleHookName } = input;
    for (const instance of group.instances) {
      const action = instance.actions.find(
        ({ token, hook }) =>
          hook.lifecycleHookName === LifecycleHookName &&
          (LifecycleActionToken === undefined
            ? instance.instanceId === InstanceId
            : token === LifecycleActionToken),
      );
      if (action !== undefined) return { group, instance, action };
    }
    throw new CloudError(
      'ValidationError',
      LifecycleActionToken === undefined
        ? `No active Lifecycle Action found with instance ID ${InstanceId}`
        : `No active Lifecycle Action found with token ${LifecycleActionToken}`,
    );
  };

  /** Whether it is accepted in Pending:Wait is not settled; with decrement it needs room above the minimum. */
  const terminateInstance = (input: Record<string, unknown>) => {
    const found = findInstance(input.InstanceId);
    if (found === undefined) {
      throw new CloudError(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID: ${input.InstanceId}`,
      );
    }
    const { group, instance } = found;
    if (instance.lifecycleState.startsWith('Pending:') && !quirks.terminatesWaitingInstances) {
      const activityId = instance.launchActivity?.activityId;
      throw new CloudError('ScalingActivityInProgress', `Activity ${activityId} is in progress.`);
    }
    if (input.ShouldDecrementDesiredCapacity === true) {
      if (group.desiredCapacity <= group.minSize) {
        throw new CloudError(
          'ValidationError',
          `Currently, desiredSize equals minSize (${group.minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
        );
      }
      setDesired(group, group.desiredCapacity - weightOf(group), 'TerminateInstanceInAutoScalingGroup');
    }
    lifecycle.terminate(group, instance, 'by a call', 'an instance was terminated by a user.');
    return {};
  };

  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    DescribeAutoScalingGroups: describeAutoScalingGroups,
    EnterStandby: (input) => standby.enterStandby(groupOrRefuse(input.AutoScalingGroupName), input),
    ExitStandby: (input) => standby.exitStandby(groupOrRefuse(input.AutoScalingGroupName), input),
    SetInstanceProtection: setInstanceProtection,
    TerminateInstanceInAutoScalingGroup: terminateInstance,

    /** The state is the plain string and health is in upper case here (ASG-UG CLI examples). Unknown ids are left out. */
    DescribeAutoScalingInstances: (input) => ({
      AutoScalingInstances: (input.InstanceIds as string[]).flatMap((id) => {
        const found = findInstance(id);
        if (found === undefined) return [];
        const { group, instance } = found;
        return [
          {
            InstanceId: id,
            AutoScalingGroupName: group.name,
            AvailabilityZone: instance.availabilityZone,
            LifecycleState: shownState(instance, time.now()),
            HealthStatus: instance.healthStatus.toUpperCase(),
            ProtectedFromScaleIn: instance.protectedFromScaleIn,
          },
        ];
      }),
    }),

    /** One group at a time here: whether a call may name several is not settled. 256 characters, 50 tags (Tag). */
    CreateOrUpdateTags: (input) => {
      const [tag] = input.Tags as { ResourceId: string; Key: string; Value: string }[];
      if (tag === undefined) throw new CloudError('ValidationError', 'Tags must not be empty');
      const group = groupOrRefuse(tag.ResourceId);
      if (tag.Value.length > 256) {
        throw new CloudError(
          'ValidationError',
          "1 validation error detected: Value at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256",
        );
      }
      if (!(tag.Key in group.tags) && Object.keys(group.tags).length >= 50) {
        throw new CloudError('LimitExceeded', 'The maximum number of tags for the group is 50');
      }
      group.tags[tag.Key] = tag.Value;
      return {};
    },

    DeleteTags: (input) => {
      for (const { ResourceId, Key } of input.Tags as { ResourceId: string; Key: string }[]) {
        delete groupOrRefuse(ResourceId).tags[Key];
      }
      return {};
    },

    DescribeScalingActivities: (input) => {
      const { AutoScalingGroupName: name } = input;
      return describeActivities(name === undefined ? [...groups.values()] : [groupOrRefuse(name)], input);
    },

    DescribeLifecycleHooks: (input) => {
      const group = groupOrRefuse(input.AutoScalingGroupName);
      return {
        LifecycleHooks: group.lifecycleHooks.map((hook) => ({
          LifecycleHookName: hook.lifecycleHookName,
          AutoScalingGroupName: group.name,
          LifecycleTransition: hook.lifecycleTransition,
          HeartbeatTimeout: hook.heartbeatTimeoutSeconds,
          GlobalTimeout: Math.min(172_800, 100 * hook.heartbeatTimeoutSeconds),
          DefaultResult: hook.defaultResult,
        })),
      };
    },

    CompleteLifecycleAction: (input) => {
      const { group, instance, action } = findAction(input);
      lifecycle.complete(
        group,
        instance,
        action,
        input.LifecycleActionResult === 'CONTINUE' ? 'CONTINUE' : 'ABANDON',
      );
      return {};
    },

    /** Restarts the heartbeat, never the global timeout (completing-lifecycle-hooks). */
    RecordLifecycleActionHeartbeat: (input) => {
      findAction(input).action.heartbeatAt = time.now();
      return {};
    },

    SuspendProcesses: (input) => {
      const group = groupOrRefuse(input.AutoScalingGroupName);
      if (group.status !== undefined) {
        throw new CloudError(
          'ValidationError',
          'Processes may not be suspended while the AutoScaling group is pending delete',
        );
      }
      const named = processesOf(input);
      const reason = `User suspended at ${time.iso().slice(0, 19)}Z`;
      setTimeout(() => {
        for (const process of named) if (!group.suspended.has(process)) group.suspended.set(process, reason);
      }, quirks.suspensionDelaySeconds * 1000);
      return {};
    },

    ResumeProcesses: (input) => {
      const group = groupOrRefuse(input.AutoScalingGroupName);
      const named = processesOf(input);
      setTimeout(() => {
        for (const process of named) {
          if (group.suspended.delete(process)) group.resumedAt.set(process, time.now());
        }
      }, quirks.suspensionDelaySeconds * 1000);
      return {};
    },

    SetDesiredCapacity: (input) => {
      const group = groupOrRefuse(input.AutoScalingGroupName);
      const desired = Number(input.DesiredCapacity);
      if (desired > group.maxSize) {
        throw new CloudError(
          'ValidationError',
          `New SetDesiredCapacity value ${desired} is above max value ${group.maxSize} for the AutoScalingGroup.`,
        );
      }
      if (desired < group.minSize) {
        throw new CloudError(
          'ValidationError',
          `New SetDesiredCapacity value ${desired} is below min value ${group.minSize} for the AutoScalingGroup.`,
        );
      }
      setDesired(group, desired, 'SetDesiredCapacity');
      return {};
    },

    /**
     * Sizes. A minimum above desired capacity raises it, a maximum below lowers it (API reference,
     * UpdateAutoScalingGroup).
     */
    UpdateAutoScalingGroup: (input) => {
      const group = groupOrRefuse(input.AutoScalingGroupName);
      const minSize = Number(input.MinSize ?? group.minSize);
      const maxSize = Number(input.MaxSize ?? group.maxSize);
      if (minSize > maxSize) {
        throw new CloudError(
          'ValidationError',
          `Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}.`,
        );
      }
      group.minSize = minSize;
      group.maxSize = maxSize;
      setDesired(group, Number(input.DesiredCapacity ?? group.desiredCapacity), 'UpdateAutoScalingGroup');
      return {};
    },

    /** Of one group or of all; disabled and predictive ones too, which no story has yet (API reference). */
    DescribePolicies: (input) =>
      page(
        input,
        'ScalingPolicies',
        groupsOf(input).flatMap((group) =>
          group.policies.map((policy) => ({
            AutoScalingGroupName: group.name,
            PolicyName: policy.name,
            PolicyType: policy.type,
            Enabled: true,
            ...(policy.type === 'TargetTrackingScaling'
              ? { TargetTrackingConfiguration: { TargetValue: policy.targetValue, DisableScaleIn: false } }
              : {
                  AdjustmentType: 'ChangeInCapacity',
                  StepAdjustments: [
                    { ScalingAdjustment: policy.add, MetricIntervalLowerBound: policy.above },
                    ...(policy.remove === undefined
                      ? []
                      : [{ ScalingAdjustment: -policy.remove, MetricIntervalUpperBound: policy.below }]),
                  ],
                }),
          })),
        ),
      ),

    /** A one-off that has run is not listed any more (API reference). */
    DescribeScheduledActions: (input) =>
      page(
        input,
        'ScheduledUpdateGroupActions',
        groupsOf(input).flatMap((group) =>
          (group.scheduledActions ?? [])
            .filter(({ atSeconds }) => atSeconds > time.elapsedSeconds())
            .map(({ scheduledActionName, atSeconds, minSize, desiredCapacity }) => ({
              AutoScalingGroupName: group.name,
              ScheduledActionName: scheduledActionName,
              StartTime: new Date(time.now() + (atSeconds - time.elapsedSeconds()) * 1000),
              ...(minSize === undefined ? {} : { MinSize: minSize }),
              DesiredCapacity: desiredCapacity,
            })),
        ),
      ),

    /** The latest first; a refresh that ended is told too (API reference). */
    DescribeInstanceRefreshes: (input) => {
      const group = groupOrRefuse(input.AutoScalingGroupName);
      return {
        InstanceRefreshes:
          group.refresh === undefined
            ? []
            : [{ InstanceRefreshId: `refresh-${group.name}`, Status: group.refresh.status }],
      };
    },

    SetInstanceHealth: (input) => {
      for (const group of groups.values()) {
        const instance = group.instances.find(({ instanceId }) => instanceId === input.InstanceId);
        if (instance === undefined) continue;
        instance.healthStatus = input.HealthStatus === 'Unhealthy' ? 'Unhealthy' : 'Healthy';
        instance.isReplacedAtOnce = instance.healthStatus === 'Unhealthy';
        return {};
      }
      throw new CloudError(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID ${input.InstanceId}`,
      );
    },
  };

  return (operation: string, input: Record<string, unknown>): object => {
    const answer = operations[operation];
    if (answer === undefined) throw new Error(`The simulated Auto Scaling does not know ${operation} yet`);
    return answer(input);
  };
};
