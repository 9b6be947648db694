import type { VirtualTime } from '../virtual-time.ts';
import { createAutoScalingApi } from './auto-scaling-api.ts';
import {
  type AutoScalingQuirks,
  alive,
  answers,
  changeEc2,
  type GroupEvent,
  type GroupSpec,
  inServiceCount,
  isPending,
  isSuspended,
  reconcileSeconds,
  type ScalingPolicy,
  type ScheduledActionSpec,
  type SimulatedGroup,
  type SimulatedInstance,
  unitsInService,
  type World,
  weightOf,
} from './auto-scaling-group.ts';
import { createInstanceLifecycle } from './instance-lifecycle.ts';
import { refreshInstances } from './instance-refresh.ts';
import { runningFunction } from './lambda.ts';
import { afterCheck } from './target-health.ts';

/**
 * Amazon EC2 Auto Scaling, simulated: groups with their reconcile loop, health replacement, scaling policies, scheduled
 * actions, balancing of zones, and what each suspended process stops. Not simulated: AddToLoadBalancer (every
 * instance is registered).
 */

/** Cooldown of the group's policies (ec2-auto-scaling-scaling-cooldowns: 300 s by default). */
const cooldownSeconds = 300;
/** Impaired for so long an instance is marked; AWS says "a few minutes". */
const impairedSeconds = 600;
/** Default instance warm-up, where a group sets one as the guide recommends. */
const warmupSeconds = 300;
/** Zones further apart than this are balanced. */
const unbalancedBy = 2;

/** Creates the service. `throttle` throws when the account's bucket is empty; `emit` puts an event on the bus. */
export const createAutoScalingService = (
  time: VirtualTime,
  world: World,
  quirks: AutoScalingQuirks,
  throttle: () => void,
  emit: (event: object) => void,
  onEvent: (event: GroupEvent) => void,
) => {
  const groups = new Map<string, SimulatedGroup>();
  const lifecycle = createInstanceLifecycle(time, world, quirks, emit, onEvent);

  const setDesired = (group: SimulatedGroup, desired: number, because: string): void => {
    const to = Math.max(group.minSize, Math.min(group.maxSize, desired));
    if (to === group.desiredCapacity) return;
    onEvent({ group: group.name, kind: 'desired', from: group.desiredCapacity, to, text: because });
    if (to > group.desiredCapacity) group.scalesOutTo = to;
    else if (group.scalesOutTo !== undefined) group.scalesOutTo = Math.min(group.scalesOutTo, to);
    if (to < group.desiredCapacity && runningFunction.getStore() === undefined)
      group.loweredByOthers.push({ at: time.now(), to });
    group.desiredCapacity = to;
    group.desiredHighest = Math.max(group.desiredHighest, to);
  };

  /**
   * HealthCheck: marks instances in service past their grace period. When every instance fails its load balancer
   * check, the balancer's verdict says little, and fewer are marked: how many, the guide does not say.
   * Source: ec2-auto-scaling-health-checks.
   */
  const checkHealth = (group: SimulatedGroup): void => {
    if (isSuspended(group, 'HealthCheck')) return;
    const now = time.now();
    for (const instance of group.instances) {
      if (instance.lifecycleState !== 'InService') continue;
      const { state, checksOkAt, startedAt } = instance.ec2;
      // In service and not running is a failure at once, grace period or not (health-check-grace-period).
      if (state !== 'running') {
        instance.healthStatus = 'Unhealthy';
        instance.isReplacedAtOnce = true;
      }
      // Status checks that stay impaired count whatever the type of the health check (ec2-auto-scaling-health-checks).
      const isImpaired = checksOkAt === Number.POSITIVE_INFINITY && now - startedAt > impairedSeconds * 1000;
      if (isImpaired) instance.healthStatus = 'Unhealthy';
    }
    if (group.healthCheckType !== 'ELB') return;
    if (group.instances.every(({ target }) => target.state !== 'unhealthy')) return;
    const judged = alive(group).filter(
      ({ lifecycleState, inServiceAt }) =>
        lifecycleState === 'InService' &&
        inServiceAt !== undefined &&
        time.now() - inServiceAt > group.healthCheckGracePeriodSeconds * 1000,
    );
    const failing = judged.filter(({ target }) => target.state === 'unhealthy');
    const few = quirks.marksFewWhenAllFail ? Math.floor(judged.length / 10) : 0;
    const marked = failing.length === judged.length ? few : failing.length;
    for (const instance of failing.slice(0, marked)) instance.healthStatus = 'Unhealthy';
  };

  /**
   * ReplaceUnhealthy: terminates marked instances, at most ten percent of desired at a time; those that a caller
   * marked go at once. Inactive while Terminate is suspended; while Launch is, it terminates without replacing.
   * Source: as-suspend-resume-processes; ec2-auto-scaling-health-checks.
   */
  const replaceUnhealthy = (group: SimulatedGroup): void => {
    if (isSuspended(group, 'ReplaceUnhealthy') || isSuspended(group, 'Terminate')) return;
    const unhealthy = group.instances.filter(
      ({ healthStatus, lifecycleState }) => healthStatus === 'Unhealthy' && lifecycleState === 'InService',
    );
    if (unhealthy.length === 0) return;
    const leaving = group.instances.filter(({ lifecycleState }) =>
      lifecycleState.startsWith('Terminating'),
    ).length;
    const inService = inServiceCount(group);
    // What is being replaced already counts against the ten percent; with Launch suspended nothing is.
    const desired = Math.ceil(group.desiredCapacity / weightOf(group));
    const missing = isSuspended(group, 'Launch') ? 0 : Math.max(0, desired - inService);
    const atOnce = Math.max(1, Math.floor(desired * 0.1)) - leaving - missing;
    let replaced = 0;
    for (const instance of unhealthy) {
      if (instance.isReplacedAtOnce !== true && replaced >= atOnce) continue;
      if (instance.isReplacedAtOnce !== true) replaced += 1;
      // What is there beyond desired capacity needs no replacement.
      const isSurplus = alive(group).length * weightOf(group) > group.desiredCapacity;
      const isReplaced = replacementOf(group, instance) !== undefined;
      if (group.launchesBeforeTerminating === true && (isReplaced || !isSurplus))
        replaceFirst(group, instance);
      else endUnhealthy(group, instance);
    }
  };

  /** What was launched for an instance, and is not gone: one whose launch was abandoned replaces nothing. */
  const replacementOf = (group: SimulatedGroup, { instanceId }: SimulatedInstance) =>
    group.instances.find(
      (each) =>
        group.replaces.get(each.instanceId) === instanceId && !each.lifecycleState.startsWith('Terminat'),
    );

  const endUnhealthy = (group: SimulatedGroup, instance: SimulatedInstance): void =>
    lifecycle.terminate(
      group,
      instance,
      'unhealthy',
      'an instance was taken out of service in response to an EC2 health check or an ELB system health check failure.',
    );

  /**
   * Launches before it terminates, as an instance maintenance policy may ask: the unhealthy instance goes once what
   * replaces it is in service. Source: Amazon EC2 Auto Scaling User Guide, "Instance maintenance policies".
   */
  const replaceFirst = (group: SimulatedGroup, instance: SimulatedInstance): void => {
    const found = replacementOf(group, instance);
    if (found?.lifecycleState === 'InService') {
      group.replaces.delete(found.instanceId);
      endUnhealthy(group, instance);
    } else if (found === undefined && !isSuspended(group, 'Launch')) {
      const launched = lifecycle.launch(
        group,
        'an instance was launched to replace an unhealthy one.',
        instance.availabilityZone,
      );
      if (launched !== undefined) group.replaces.set(launched.instanceId, instance.instanceId);
    }
  };

  /** Whether an instance was launched for one that is there still: until that one goes, the group may be one too many. */
  const isReplacing = (group: SimulatedGroup, { instanceId }: SimulatedInstance): boolean => {
    const replaced = group.replaces.get(instanceId);
    return group.instances.some(
      (each) => each.instanceId === replaced && each.lifecycleState === 'InService',
    );
  };

  /**
   * EC2 ends instances by itself: interrupts Spot Instances, retires hosts. Auto Scaling finds them not running.
   * Source: EC2 User Guide, "Spot Instance interruptions", "Instance retirement".
   */
  const endByEc2 = (group: SimulatedGroup): void => {
    if (quirks.ec2EndsPerHour === 0) return;
    const chance = (quirks.ec2EndsPerHour * reconcileSeconds) / 3600;
    for (const instance of group.instances) {
      if (instance.lifecycleState !== 'InService' || instance.ec2.state !== 'running') continue;
      if (time.random() < chance) endOneByEc2(group, instance);
    }
  };

  const endOneByEc2 = (group: SimulatedGroup, instance: SimulatedInstance): void => {
    group.endedByEc2At.push(time.now());
    const stateReason = { code: 'Server.InternalError', message: 'Server.InternalError: Internal error' };
    changeEc2(instance.ec2, { state: 'terminated', stateReason }, time.now());
    onEvent({ group: group.name, kind: 'ended-by-ec2', text: instance.instanceId });
  };

  const zoneCounts = (group: SimulatedGroup, instances: SimulatedInstance[]) =>
    group.availabilityZones.map((zone) => ({
      zone,
      count: instances.filter(({ availabilityZone }) => availabilityZone === zone).length,
    }));

  /**
   * Launches and terminates towards desired capacity; with weights it launches until that is reached or passed, and ends
   * none that would leave less. Scale-in takes from the zone with the most instances, the
   * oldest first, those on their way into service included; protected instances stay, and desired capacity has fallen
   * all the same. Source: ec2-auto-scaling-termination-policies, ec2-auto-scaling-instance-protection.
   */
  const reachDesired = (group: SimulatedGroup): void => {
    const counted = alive(group).filter((instance) => !isReplacing(group, instance));
    const units = group.desiredCapacity - counted.length * weightOf(group);
    const missing = Math.ceil(units / weightOf(group));
    if (missing > 0 && !isSuspended(group, 'Launch')) {
      for (let n = 0; n < missing && time.now() >= group.nextLaunchAt; n += 1) {
        lifecycle.launch(
          group,
          'an instance was started in response to a difference between desired and actual capacity.',
        );
      }
    }
    const covers = isSuspended(group, 'Terminate');
    if (missing < 0 && (!covers || quirks.endsPendingWhileTerminateIsSuspended)) {
      for (let n = 0; n < -missing; n += 1) {
        const candidates = alive(group).filter(
          (instance) =>
            !instance.protectedFromScaleIn &&
            !isReplacing(group, instance) &&
            !(covers && instance.lifecycleState === 'InService'),
        );
        if (covers && candidates.length === 0) return;
        const perZone = (zone: string) => candidates.filter((i) => i.availabilityZone === zone).length;
        const victim = candidates.sort(
          (x, y) => perZone(y.availabilityZone) - perZone(x.availabilityZone) || x.launchedAt - y.launchedAt,
        )[0];
        if (victim === undefined) {
          noteProtected(group);
          return;
        }
        const isRebalancing = rebalanced.delete(group.name);
        lifecycle.terminate(
          group,
          victim,
          isRebalancing ? 'rebalance' : 'scale-in',
          'an instance was taken out of service in response to a difference between desired and actual capacity.',
        );
      }
    }
  };

  /** The activity AWS shows when it cannot scale in (ec2-auto-scaling-instance-protection). One per fall of desired. */
  const notedAt = new Map<string, number>();
  const noteProtected = (group: SimulatedGroup): void => {
    if (notedAt.get(group.name) === group.desiredCapacity) return;
    notedAt.set(group.name, group.desiredCapacity);
    const text = `Could not scale to desired capacity because all remaining instances are protected from scale-in.`;
    lifecycle.noteActivity(
      group,
      text,
      'desired capacity fell below the instances that are protected.',
      text,
    );
  };

  /**
   * AZRebalance: launches in the zone that has least and, once that instance serves, terminates in the zone that has
   * most; so it stops with Launch, and with Terminate suspended it exceeds the maximum, by 10 percent or one at most.
   * Source: auto-scaling-benefits, "Rebalancing activities"; as-suspend-resume-processes.
   */
  const rebalanced = new Set<string>();
  const rebalance = (group: SimulatedGroup): void => {
    if (group.availabilityZones.length === 1) return;
    if (isSuspended(group, 'AZRebalance') || isSuspended(group, 'Launch')) return;
    if (group.instances.some(({ isRebalancing }) => isRebalancing)) return;
    rebalanced.delete(group.name);
    if (group.instances.some(isPending)) return;
    if (time.now() < group.nextLaunchAt) return;
    const most = group.maxSize + Math.max(1, Math.floor(group.maxSize / 10));
    const instances = alive(group);
    const units = instances.length * weightOf(group);
    if (units - group.desiredCapacity >= weightOf(group) || units < group.desiredCapacity) return;
    if (units >= most) return;
    const counts = zoneCounts(group, instances).sort((x, y) => x.count - y.count);
    const [least] = counts;
    const largest = counts.at(-1);
    if (least === undefined || largest === undefined || largest.count - least.count < unbalancedBy) return;
    rebalanced.add(group.name);
    lifecycle.launch(group, "an instance was launched to aid in balancing the group's zones.", least.zone);
  };

  /**
   * Whether what desired capacity was last raised for is not there yet, or has not warmed up: scale-in by a policy waits
   * for both. Whether it also waits for what replaces an unhealthy instance no page says.
   * Source: as-scaling-simple-step ("A scale-in activity can't start while a scale-out activity is in progress");
   * ec2-auto-scaling-default-instance-warmup.
   */
  const isScalingOut = (group: SimulatedGroup): boolean => {
    const warmingUntil = (group.scaledOutAt ?? Number.NEGATIVE_INFINITY) + warmupSeconds * 1000;
    const isWaitedFor = group.scalesOutTo !== undefined || quirks.scaleInWaitsForReplacements;
    return (isWaitedFor && alive(group).some(isPending)) || time.now() < warmingUntil;
  };

  /**
   * A policy acts on its alarm: AlarmNotification. How fast target tracking scales in is not published; here it takes
   * at most a tenth away each time, and rests for the cooldown. Source: as-scaling-target-tracking.
   */
  const actOnPolicy = (
    group: SimulatedGroup,
    policy: ScalingPolicy,
    direction: 'out' | 'in',
    value: number,
  ): void => {
    if (isSuspended(group, 'AlarmNotification')) return;
    const inService = unitsInService(group);
    const isCpu = policy.type === 'TargetTrackingScaling' || policy.metric !== 'WorkersBusy';
    const valueText = `${policy.name}: ${isCpu ? 'CPU' : 'workers busy'} ${Math.round(value)} %`;
    if (direction === 'out') {
      if (alive(group).length * weightOf(group) > inService && time.now() < group.cooldownUntil) return;
      const wanted =
        policy.type === 'TargetTrackingScaling'
          ? Math.ceil((inService * value) / policy.targetValue)
          : group.desiredCapacity + policy.add;
      if (wanted <= group.desiredCapacity) return;
      group.cooldownUntil = time.now() + cooldownSeconds * 1000;
      setDesired(group, wanted, valueText);
      return;
    }
    if (time.now() < group.cooldownUntil || isScalingOut(group)) return;
    if (isSuspended(group, 'Terminate') && !quirks.desiredFallsWhileTerminateIsSuspended) return;
    const wanted =
      policy.type === 'TargetTrackingScaling'
        ? Math.max(
            Math.ceil((group.desiredCapacity * value) / policy.targetValue),
            Math.floor(group.desiredCapacity * 0.9),
          )
        : group.desiredCapacity - (policy.remove ?? 0);
    group.cooldownUntil = time.now() + cooldownSeconds * 1000;
    setDesired(group, wanted, valueText);
  };

  const handle = createAutoScalingApi(time, groups, lifecycle, quirks, setDesired);

  /** ScheduledActions: those due while it is suspended are lost (as-suspend-resume-processes). */
  const runScheduledAction = (
    group: SimulatedGroup,
    { scheduledActionName, minSize, desiredCapacity }: ScheduledActionSpec,
  ): void => {
    if (groups.get(group.name) !== group) return;
    if (isSuspended(group, 'ScheduledActions')) {
      onEvent({ group: group.name, kind: 'lost-action', text: scheduledActionName });
      return;
    }
    if (minSize !== undefined) group.minSize = minSize;
    setDesired(group, desiredCapacity, `scheduled action ${scheduledActionName}`);
  };

  let groupCount = 0;

  return {
    groups,

    /** Adds a group with all its instances in service for an hour. */
    createGroup: (spec: GroupSpec): SimulatedGroup => {
      groupCount += 1;
      const group: SimulatedGroup = {
        ...spec,
        groupNumber: groupCount,
        createdAt: time.now(),
        tags: { ...spec.tags },
        templateMinSize: spec.minSize,
        instanceType: spec.instanceType ?? 'm7i.large',
        launchTemplate: {
          launchTemplateId: `lt-${spec.name}`,
          versions: [spec.instanceType ?? 'm7i.large'],
          defaultVersion: 1,
        },
        lifecycleHooks: spec.lifecycleHooks ?? [],
        instances: [],
        activities: [],
        suspended: new Map(
          (spec.suspendedProcesses ?? []).map((process) => [process, 'User suspended before the story']),
        ),
        resumedAt: new Map(),
        terminations: [],
        desiredHighest: spec.desiredCapacity,
        loweredByOthers: [],
        endedByEc2At: [],
        warm: spec.warmPoolSize ?? 0,
        replaces: new Map(),
        cooldownUntil: 0,
        failedLaunchesInARow: 0,
        nextLaunchAt: 0,
      };
      groups.set(spec.name, group);
      for (let n = 0; n < spec.desiredCapacity / weightOf(spec); n += 1) {
        const instance = lifecycle.newInstance(group);
        group.instances.push({
          ...instance,
          ec2: { ...instance.ec2, startedAt: time.now() - 3_600_000 - n * 1000 },
          lifecycleState: 'InService',
          inServiceAt: time.now() - 3_600_000,
          launchedAt: time.now() - 3_600_000 - n * 1000,
          target: { state: 'healthy', streak: 0 },
          ...(spec.hasOnlyCopies === true ? { hasOnlyCopy: true } : {}),
        });
      }
      for (const action of spec.scheduledActions ?? []) {
        time.at(action.atSeconds, () => runScheduledAction(group, action));
      }
      return group;
    },

    /** Ends a group with its instances, as `DeleteAutoScalingGroup` with force does in the end. */
    deleteGroup: (name: string): void => {
      groups.delete(name);
    },

    /** Ends an instance as somebody's `TerminateInstances` does: Auto Scaling finds it gone. */
    loseInstance: (group: SimulatedGroup, instance: SimulatedInstance): void => {
      lifecycle.terminate(group, instance, 'by a call', 'an instance was terminated by a user.');
    },

    /** EC2 ends a running instance by itself. */
    endByEc2: endOneByEc2,

    /** Begins an instance refresh over all that is there. */
    startInstanceRefresh: (group: SimulatedGroup): void => {
      group.refresh = {
        status: 'InProgress',
        left: new Set(group.instances.map(({ instanceId }) => instanceId)),
      };
    },

    lifecycle,

    /** One turn of every group's reconcile loop, and one health check of every target. */
    reconcile: (): void => {
      for (const group of groups.values()) {
        const isAnswered = world.checkRound(group);
        for (const instance of group.instances) {
          if (instance.lifecycleState !== 'InService') continue;
          const passes = answers(instance) && isAnswered(instance);
          // Most are well and stay so: a large fleet is checked every ten seconds.
          if (passes && instance.target.state === 'healthy' && instance.target.streak === 0) continue;
          const { state } = instance.target;
          instance.target = afterCheck(instance.target, passes);
          if (state !== 'healthy' && instance.target.state === 'healthy') instance.healthySince = time.now();
          if (state === 'healthy' && instance.target.state === 'unhealthy')
            instance.unhealthySince = time.now();
        }
        if (group.scalesOutTo !== undefined && unitsInService(group) >= group.scalesOutTo) {
          delete group.scalesOutTo;
          group.scaledOutAt = time.now();
        }
        lifecycle.timeOutHooks(group);
        endByEc2(group);
        checkHealth(group);
        replaceUnhealthy(group);
        refreshInstances(time, lifecycle, group);
        reachDesired(group);
        rebalance(group);
      }
    },

    actOnPolicy,

    /** Answers an API call, or throws a CloudError. */
    handle: (operation: string, input: Record<string, unknown>): object => {
      throttle();
      return handle(operation, input);
    },
  };
};

/** The simulated service. */
export type AutoScalingService = ReturnType<typeof createAutoScalingService>;
