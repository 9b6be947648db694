import type { VirtualTime } from '../virtual-time.ts';
import { CloudError } from './cloud-error.ts';
import { afterCheck, registeredTarget, type TargetHealth } from './elastic-load-balancing.ts';

/**
 * Amazon EC2 Auto Scaling, simulated: groups with their reconcile loop, launch and termination, health replacement,
 * scaling policies, and what each suspended process stops. Page names below are of the Amazon EC2 Auto Scaling User
 * Guide. Not simulated yet: AddToLoadBalancer (every instance
 * is registered), lifecycle hooks, warm pools, Standby, AZ rebalancing, scheduled actions, instance refresh.
 */

/** A scaling policy that acts on the group's average CPU utilisation, in percent. */
export type ScalingPolicy =
  | { type: 'TargetTrackingScaling'; name: string; targetValue: number }
  | { type: 'StepScaling'; name: string; above: number; add: number; below: number; remove: number };

/** A group as a story describes it. */
export interface GroupSpec {
  name: string;
  tags: Record<string, string>;
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  availabilityZones: string[];
  healthCheckType: 'EC2' | 'ELB';
  healthCheckGracePeriodSeconds: number;
  /** Time from launch to in service on a good day. */
  bootSeconds: number;
  deregistrationDelaySeconds: number;
  /** Requests a second that take one instance to 100 % CPU. */
  requestsPerSecondAtFullCpu: number;
  policies: ScalingPolicy[];
}

/** An instance of a simulated group. */
export interface SimulatedInstance {
  instanceId: string;
  availabilityZone: string;
  lifecycleState: 'Pending' | 'InService' | 'Terminating' | 'Terminated';
  healthStatus: 'Healthy' | 'Unhealthy';
  protectedFromScaleIn: boolean;
  launchedAt: number;
  inServiceAt?: number;
  target: TargetHealth;
  /** Set by SetInstanceHealth: such an instance is replaced at once, not ten percent at a time. */
  isSetByCaller?: boolean;
}

/** A simulated group. */
export interface SimulatedGroup extends Omit<GroupSpec, 'tags'> {
  tags: Record<string, string>;
  instances: SimulatedInstance[];
  /** Process name and AWS's reason. */
  suspended: Map<string, string>;
  status?: string;
  /** Why instances ended, for the report. */
  terminations: {
    instanceId: string;
    at: number;
    because: 'scale-in' | 'unhealthy';
  }[];
  /** Scaling by policies rests until then. */
  cooldownUntil: number;
}

/** What happened in a group, for the timeline. */
export interface GroupEvent {
  group: string;
  kind: 'desired' | 'terminated' | 'in-service';
  text: string;
  from?: number;
  to?: number;
}

/** What the world does to a group; the workload of the story answers. */
export interface World {
  /** How much longer than on a good day an instance launched now takes, as a factor. */
  bootFactor(group: SimulatedGroup): number;
  /** Whether a health check of the load balancer gets its answer from an instance now. */
  passesHealthCheck(group: SimulatedGroup, instance: SimulatedInstance): boolean;
}

/** Where the facts are unsure, a run does either. */
export interface AutoScalingQuirks {
  /**
   * Whether a scaling policy lowers desired capacity while Terminate is suspended. The guide says that the group does
   * not scale in; for protected instances it says that desired falls all the same. Unsettled for Terminate.
   */
  desiredFallsWhileTerminateIsSuspended: boolean;
  /** Seconds until a suspension or resumption shows and has effect (cloud-custodian issue 8660 saw a delay). */
  suspensionDelaySeconds: number;
}

/** Seconds between two reconciliations of a group. */
export const reconcileSeconds = 10;
/** Cooldown of the group's policies (ec2-auto-scaling-scaling-cooldowns: 300 s by default). */
const cooldownSeconds = 300;

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

/** How many instances of the group serve. */
export const inServiceCount = ({ instances }: SimulatedGroup): number =>
  instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length;

/** Creates the service. `throttle` throws when the account's bucket is empty. */
export const createAutoScalingService = (
  time: VirtualTime,
  world: World,
  quirks: AutoScalingQuirks,
  throttle: () => void,
  onEvent: (event: GroupEvent) => void,
) => {
  const groups = new Map<string, SimulatedGroup>();
  let instanceCount = 0;

  const newInstance = (group: SimulatedGroup): SimulatedInstance => {
    instanceCount += 1;
    // The zone with the fewest instances (auto-scaling-benefits, "Instance distribution").
    const zone = [...group.availabilityZones].sort(
      (a, b) =>
        alive(group).filter((i) => i.availabilityZone === a).length -
        alive(group).filter((i) => i.availabilityZone === b).length,
    )[0];
    return {
      instanceId: `i-${instanceCount.toString(16).padStart(17, '0')}`,
      availabilityZone: zone ?? 'a',
      lifecycleState: 'Pending',
      healthStatus: 'Healthy',
      protectedFromScaleIn: false,
      launchedAt: time.now(),
      target: registeredTarget(),
    };
  };

  const alive = (group: SimulatedGroup): SimulatedInstance[] =>
    group.instances.filter(
      ({ lifecycleState }) => lifecycleState === 'Pending' || lifecycleState === 'InService',
    );
  const isSuspended = (group: SimulatedGroup, process: string): boolean => group.suspended.has(process);

  const setDesired = (group: SimulatedGroup, desired: number, because: string): void => {
    const to = Math.max(group.minSize, Math.min(group.maxSize, desired));
    if (to === group.desiredCapacity) return;
    onEvent({ group: group.name, kind: 'desired', from: group.desiredCapacity, to, text: because });
    group.desiredCapacity = to;
  };

  const launch = (group: SimulatedGroup): void => {
    const instance = newInstance(group);
    group.instances.push(instance);
    const boot = group.bootSeconds * world.bootFactor(group) * (0.9 + 0.2 * time.random());
    setTimeout(() => {
      if (instance.lifecycleState !== 'Pending') return;
      instance.lifecycleState = 'InService';
      instance.inServiceAt = time.now();
      onEvent({ group: group.name, kind: 'in-service', text: instance.instanceId });
    }, boot * 1000);
  };

  const terminate = (
    group: SimulatedGroup,
    instance: SimulatedInstance,
    because: 'scale-in' | 'unhealthy',
  ): void => {
    group.terminations.push({ instanceId: instance.instanceId, at: time.now(), because });
    onEvent({ group: group.name, kind: 'terminated', text: because });
    instance.lifecycleState = 'Terminating';
    setTimeout(() => {
      instance.lifecycleState = 'Terminated';
      group.instances = group.instances.filter((other) => other !== instance);
    }, group.deregistrationDelaySeconds * 1000);
  };

  /**
   * HealthCheck: marks instances in service past their grace period. When every instance fails its load balancer
   * check, the balancer's verdict says little and none is marked here (the guide: fewer are marked).
   * Source: ec2-auto-scaling-health-checks.
   */
  const checkHealth = (group: SimulatedGroup): void => {
    if (isSuspended(group, 'HealthCheck') || group.healthCheckType !== 'ELB') return;
    const judged = alive(group).filter(
      ({ lifecycleState, inServiceAt }) =>
        lifecycleState === 'InService' &&
        inServiceAt !== undefined &&
        time.now() - inServiceAt > group.healthCheckGracePeriodSeconds * 1000,
    );
    const failing = judged.filter(({ target }) => target.state === 'unhealthy');
    if (failing.length === judged.length) return;
    for (const instance of failing) instance.healthStatus = 'Unhealthy';
  };

  /**
   * ReplaceUnhealthy: terminates marked instances, at most ten percent of desired at a time; those that a caller
   * marked go at once. Inactive while Terminate is suspended; while Launch is, it terminates without replacing.
   * Source: as-suspend-resume-processes; ec2-auto-scaling-health-checks.
   */
  const replaceUnhealthy = (group: SimulatedGroup): void => {
    if (isSuspended(group, 'ReplaceUnhealthy') || isSuspended(group, 'Terminate')) return;
    const unhealthy = alive(group).filter(({ healthStatus }) => healthStatus === 'Unhealthy');
    const leaving = group.instances.filter(({ lifecycleState }) => lifecycleState === 'Terminating').length;
    const inService = inServiceCount(group);
    // What is being replaced already counts against the ten percent; with Launch suspended nothing is.
    const missing = isSuspended(group, 'Launch') ? 0 : Math.max(0, group.desiredCapacity - inService);
    const atOnce = Math.max(1, Math.floor(group.desiredCapacity * 0.1)) - leaving - missing;
    let replaced = 0;
    for (const instance of unhealthy) {
      if (instance.isSetByCaller !== true && replaced >= atOnce) continue;
      if (instance.isSetByCaller !== true) replaced += 1;
      terminate(group, instance, 'unhealthy');
    }
  };

  /**
   * Launches and terminates towards desired capacity. Scale-in takes from the zone with the most instances, the
   * oldest first; protected instances stay, and desired capacity has fallen all the same.
   * Source: ec2-auto-scaling-termination-policies, ec2-auto-scaling-instance-protection.
   */
  const reachDesired = (group: SimulatedGroup): void => {
    const missing = group.desiredCapacity - alive(group).length;
    if (missing > 0 && !isSuspended(group, 'Launch')) {
      for (let n = 0; n < missing; n += 1) launch(group);
    }
    if (missing < 0 && !isSuspended(group, 'Terminate')) {
      for (let n = 0; n < -missing; n += 1) {
        const candidates = alive(group).filter(({ protectedFromScaleIn }) => !protectedFromScaleIn);
        const perZone = (zone: string) => candidates.filter((i) => i.availabilityZone === zone).length;
        const victim = candidates.sort(
          (a, b) => perZone(b.availabilityZone) - perZone(a.availabilityZone) || a.launchedAt - b.launchedAt,
        )[0];
        if (victim === undefined) return;
        terminate(group, victim, 'scale-in');
      }
    }
  };

  /**
   * A policy acts on its alarm: AlarmNotification. How fast target tracking scales in is not published; here it takes
   * at most a tenth away each time, and rests for the cooldown. Source: as-scaling-target-tracking.
   */
  const actOnPolicy = (
    group: SimulatedGroup,
    policy: ScalingPolicy,
    direction: 'out' | 'in',
    cpu: number,
  ): void => {
    if (isSuspended(group, 'AlarmNotification')) return;
    const inService = inServiceCount(group);
    const cpuText = `${policy.name}: CPU ${Math.round(cpu)} %`;
    if (direction === 'out') {
      if (alive(group).length > inService && time.now() < group.cooldownUntil) return;
      const wanted =
        policy.type === 'TargetTrackingScaling'
          ? Math.ceil((inService * cpu) / policy.targetValue)
          : group.desiredCapacity + policy.add;
      if (wanted <= group.desiredCapacity) return;
      group.cooldownUntil = time.now() + cooldownSeconds * 1000;
      setDesired(group, wanted, cpuText);
      return;
    }
    if (time.now() < group.cooldownUntil) return;
    if (isSuspended(group, 'Terminate') && !quirks.desiredFallsWhileTerminateIsSuspended) return;
    const wanted =
      policy.type === 'TargetTrackingScaling'
        ? Math.max(
            Math.ceil((group.desiredCapacity * cpu) / policy.targetValue),
            Math.floor(group.desiredCapacity * 0.9),
          )
        : group.desiredCapacity - policy.remove;
    group.cooldownUntil = time.now() + cooldownSeconds * 1000;
    setDesired(group, wanted, cpuText);
  };

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

  const describeGroup = (group: SimulatedGroup) => ({
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:0:autoScalingGroupName/${group.name}`,
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    AvailabilityZones: group.availabilityZones,
    HealthCheckType: group.healthCheckType,
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
      AvailabilityZone: instance.availabilityZone,
      LifecycleState: instance.lifecycleState,
      HealthStatus: instance.healthStatus,
      ProtectedFromScaleIn: instance.protectedFromScaleIn,
    })),
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

  const setInstanceProtection = (input: Record<string, unknown>) => {
    const group = groupOrRefuse(input.AutoScalingGroupName);
    const ids = input.InstanceIds as string[];
    if (ids.length > 50) {
      throw new CloudError(
        'ValidationError',
        `1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length less than or equal to 50`,
      );
    }
    for (const id of ids) {
      const instance = group.instances.find(({ instanceId }) => instanceId === id);
      if (instance?.lifecycleState !== 'InService') {
        throw new CloudError(
          'ValidationError',
          `The instance ${id} is not in InService or EnteringStandby or Standby.`,
        );
      }
    }
    for (const instance of group.instances) {
      if (ids.includes(instance.instanceId))
        instance.protectedFromScaleIn = input.ProtectedFromScaleIn === true;
    }
    return {};
  };

  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    DescribeAutoScalingGroups: describeAutoScalingGroups,
    SetInstanceProtection: setInstanceProtection,

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
        for (const process of named) group.suspended.delete(process);
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

    SetInstanceHealth: (input) => {
      for (const group of groups.values()) {
        const instance = group.instances.find(({ instanceId }) => instanceId === input.InstanceId);
        if (instance === undefined) continue;
        instance.healthStatus = input.HealthStatus === 'Unhealthy' ? 'Unhealthy' : 'Healthy';
        instance.isSetByCaller = instance.healthStatus === 'Unhealthy';
        return {};
      }
      throw new CloudError(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID ${input.InstanceId}`,
      );
    },
  };

  return {
    groups,

    /** Adds a group with all its instances in service for an hour. */
    createGroup: (spec: GroupSpec): SimulatedGroup => {
      const group: SimulatedGroup = {
        ...spec,
        tags: { ...spec.tags },
        instances: [],
        suspended: new Map(),
        terminations: [],
        cooldownUntil: 0,
      };
      groups.set(spec.name, group);
      for (let n = 0; n < spec.desiredCapacity; n += 1) {
        group.instances.push({
          ...newInstance(group),
          lifecycleState: 'InService',
          inServiceAt: time.now() - 3_600_000,
          launchedAt: time.now() - 3_600_000 - n * 1000,
          target: { state: 'healthy', streak: 0 },
        });
      }
      return group;
    },

    /** Ends a group with its instances, as `DeleteAutoScalingGroup` with force does in the end. */
    deleteGroup: (name: string): void => {
      groups.delete(name);
    },

    alive,

    /** One turn of every group's reconcile loop, and one health check of every target. */
    reconcile: (): void => {
      for (const group of groups.values()) {
        for (const instance of group.instances) {
          if (instance.lifecycleState !== 'InService') continue;
          instance.target = afterCheck(instance.target, world.passesHealthCheck(group, instance));
        }
        checkHealth(group);
        replaceUnhealthy(group);
        reachDesired(group);
      }
    },

    actOnPolicy,

    /** Answers an API call, or throws a CloudError. */
    handle: (operation: string, input: Record<string, unknown>): object => {
      throttle();
      const answer = operations[operation];
      if (answer === undefined) throw new Error(`The simulated Auto Scaling does not know ${operation} yet`);
      return answer(input);
    },
  };
};

/** The simulated service. */
export type AutoScalingService = ReturnType<typeof createAutoScalingService>;
