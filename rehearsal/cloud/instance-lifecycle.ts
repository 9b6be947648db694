import type { VirtualTime } from '../virtual-time.ts';
import {
  type AutoScalingQuirks,
  changeEc2,
  type GroupEvent,
  groupArnOf,
  isBrokenNewcomer,
  isPending,
  isSuspended,
  type LifecycleAction,
  type LifecycleHookSpec,
  type SimulatedGroup,
  type SimulatedInstance,
  type TerminatedBecause,
  type World,
} from './auto-scaling-group.ts';
import { accountId, region } from './cloudwatch.ts';
import { endActivity, type ScalingActivity } from './scaling-activities.ts';
import { registeredTarget } from './target-health.ts';

/** From launch until an instance runs and its hooks begin. */
const startSeconds = 15;
/** From the start of an instance of a warm pool until it serves. */
const warmStartSeconds = 30;
/** From the last hook, or the last health check, to the next state. */
const proceedSeconds = 3;
/** Global timeout of a hook: 48 hours or a hundred heartbeats, whichever is less (lifecycle-hooks). */
const globalTimeoutSeconds = ({ heartbeatTimeoutSeconds }: LifecycleHookSpec): number =>
  Math.min(172_800, 100 * heartbeatTimeoutSeconds);
/** AWS itself suspends Launch of a group that has failed to launch for so long (as-suspend-resume-processes); its text is not published. */
const givenUpSeconds = 86_400;
/**
 * A group whose launches fail is slowed down (lifecycle-hooks); AWS publishes no numbers. Here: half a minute after
 * the third failure in a row, twice as long after each further one, a quarter of an hour at most.
 */
const launchPauseSeconds = (failedInARow: number): number =>
  failedInARow < 3 ? 0 : Math.min(900, 30 * 2 ** (failedInARow - 3));

/** Between two tries of a group whose launch was refused. AWS publishes no number; a minute is a guess. */
const refusedPauseSeconds = 60;

/** The life of instances: launch, hooks, service, end, with the events and activities that tell of it. */
export const createInstanceLifecycle = (
  time: VirtualTime,
  world: World,
  quirks: AutoScalingQuirks,
  emit: (event: object) => void,
  onEvent: (event: GroupEvent) => void,
) => {
  let instanceCount = 0;
  let activityCount = 0;
  const uuid = (kind: string, count: number): string =>
    `${kind}00000-0000-4000-8000-${String(count).padStart(12, '0')}`;
  const eventTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

  const emitFor = (group: SimulatedGroup, detailType: string, detail: object): void =>
    emit({
      version: '0',
      'detail-type': detailType,
      source: 'aws.autoscaling',
      account: accountId,
      time: eventTime(time.now()),
      region,
      resources: [groupArnOf(group)],
      detail: { AutoScalingGroupName: group.name, ...detail },
    });

  /** Ended activities tell of themselves (ec2-auto-scaling-event-reference; in a successful one the code is InProgress). */
  const emitActivity = (
    group: SimulatedGroup,
    detailType: string,
    activity: ScalingActivity,
    instanceId: string,
    destination: 'AutoScalingGroup' | 'WarmPool' = 'AutoScalingGroup',
  ): void =>
    emitFor(group, detailType, {
      StatusCode: detailType.endsWith('Unsuccessful') ? 'Failed' : 'InProgress',
      Description: activity.description,
      ActivityId: activity.activityId,
      RequestId: activity.activityId,
      StatusMessage: activity.statusMessage,
      StartTime: new Date(activity.startTime).toISOString(),
      EndTime: new Date(activity.endTime ?? time.now()).toISOString(),
      EC2InstanceId: instanceId,
      Cause: activity.cause,
      Origin: 'EC2',
      Destination: destination,
      Details: {},
    });

  const beginActivity = (group: SimulatedGroup, description: string, cause: string): ScalingActivity => {
    activityCount += 1;
    const activity: ScalingActivity = {
      activityId: uuid('ac0', activityCount),
      description,
      cause: `At ${eventTime(time.now())} ${cause}`,
      startTime: time.now(),
      statusCode: 'PreInService',
      statusMessage: '',
    };
    group.activities.push(activity);
    return activity;
  };

  const newInstance = (group: SimulatedGroup, zone?: string): SimulatedInstance => {
    instanceCount += 1;
    // The zone with the fewest instances (auto-scaling-benefits, "Instance distribution").
    const present = group.instances.filter(({ lifecycleState }) => !lifecycleState.startsWith('Terminat'));
    const perZone = (name: string): number =>
      present.filter(({ availabilityZone }) => availabilityZone === name).length;
    const fewest = [...group.availabilityZones].sort((a, b) => perZone(a) - perZone(b))[0];
    return {
      instanceId: `i-${instanceCount.toString(16).padStart(17, '0')}`,
      availabilityZone: zone ?? fewest ?? 'a',
      lifecycleState: 'Pending',
      healthStatus: 'Healthy',
      protectedFromScaleIn: group.newInstancesProtected === true,
      launchedAt: time.now(),
      ec2: {
        state: 'running',
        instanceType: group.instanceType,
        startedAt: time.now(),
        checksOkAt: time.now(),
      },
      target: registeredTarget(),
      actions: [],
    };
  };

  const hasFailedToLaunch = (group: SimulatedGroup): void => {
    group.failedLaunchesInARow += 1;
    group.failingSince ??= time.now();
    if (time.now() - group.failingSince >= givenUpSeconds * 1000 && !isSuspended(group, 'Launch')) {
      group.suspended.set(
        'Launch',
        'Administratively suspended: launches have failed for more than 24 hours',
      );
    }
    if (quirks.limitsFailingLaunches) {
      group.nextLaunchAt = time.now() + launchPauseSeconds(group.failedLaunchesInARow) * 1000;
    }
  };

  const enterService = (group: SimulatedGroup, instance: SimulatedInstance): void => {
    if (!isPending(instance)) return;
    instance.lifecycleState = 'InService';
    instance.inServiceAt = time.now();
    delete instance.isRebalancing;
    group.failedLaunchesInARow = 0;
    delete group.failingSince;
    group.nextLaunchAt = 0;
    if (instance.launchActivity !== undefined) {
      endActivity(time, instance.launchActivity, 'Successful');
      emitActivity(group, 'EC2 Instance Launch Successful', instance.launchActivity, instance.instanceId);
    }
    onEvent({ group: group.name, kind: 'in-service', text: instance.instanceId });
  };

  /** Begins every hook of a transition at once: together they are a barrier. */
  const beginHooks = (
    group: SimulatedGroup,
    instance: SimulatedInstance,
    hooks: LifecycleHookSpec[],
  ): void => {
    const isLaunch = instance.lifecycleState === 'Pending';
    instance.lifecycleState = isLaunch ? 'Pending:Wait' : 'Terminating:Wait';
    if (isLaunch && instance.launchActivity !== undefined) {
      instance.launchActivity.statusCode = 'MidLifecycleAction';
    }
    for (const hook of hooks) {
      activityCount += 1;
      const action: LifecycleAction = {
        token: uuid('70c', activityCount),
        hook,
        startedAt: time.now(),
        heartbeatAt: time.now(),
      };
      instance.actions.push(action);
      emitFor(
        group,
        isLaunch ? 'EC2 Instance-launch Lifecycle Action' : 'EC2 Instance-terminate Lifecycle Action',
        {
          LifecycleActionToken: action.token,
          LifecycleHookName: hook.lifecycleHookName,
          EC2InstanceId: instance.instanceId,
          LifecycleTransition: hook.lifecycleTransition,
          ...(isLaunch ? { Origin: 'EC2', Destination: 'AutoScalingGroup' } : {}),
        },
      );
    }
  };

  const hooksOf = (
    group: SimulatedGroup,
    lifecycleTransition: LifecycleHookSpec['lifecycleTransition'],
  ): LifecycleHookSpec[] =>
    group.lifecycleHooks.filter((hook) => hook.lifecycleTransition === lifecycleTransition);

  /** The end, after the load balancer let go of it; a termination hook may come between. */
  const end = (group: SimulatedGroup, instance: SimulatedInstance, runsHooks: boolean): void => {
    const isServing = instance.lifecycleState === 'InService';
    instance.lifecycleState = 'Terminating';
    instance.actions = [];
    const remove = (): void => {
      changeEc2(instance.ec2, { state: 'terminated' }, time.now());
      instance.lifecycleState = 'Terminated';
      group.instances = group.instances.filter((other) => other !== instance);
    };
    const delaySeconds = isServing ? group.deregistrationDelaySeconds : proceedSeconds;
    setTimeout(() => {
      const hooks = runsHooks ? hooksOf(group, 'autoscaling:EC2_INSTANCE_TERMINATING') : [];
      if (hooks.length > 0) beginHooks(group, instance, hooks);
      else remove();
    }, delaySeconds * 1000);
  };

  const terminate = (
    group: SimulatedGroup,
    instance: SimulatedInstance,
    because: TerminatedBecause,
    cause: string,
  ): void => {
    // What EC2 itself has ended was not lost by anybody's doing.
    const wasGood =
      instance.lifecycleState === 'InService' &&
      instance.bootstrapFailure === undefined &&
      instance.ec2.state !== 'terminated';
    group.terminations.push({
      instanceId: instance.instanceId,
      at: time.now(),
      because,
      wasGood,
      hadOnlyCopy: instance.hasOnlyCopy === true,
      cameIntoServiceBroken: isBrokenNewcomer(instance),
    });
    if (instance.hasOnlyCopy === true) {
      onEvent({ group: group.name, kind: 'only-copy-ended', text: instance.instanceId });
    }
    onEvent({
      group: group.name,
      kind: 'terminated',
      text: instance.inServiceAt === undefined ? `${because}, before it ever served` : because,
    });
    if (because !== 'abandoned') {
      if (instance.launchActivity?.endTime === undefined && instance.launchActivity !== undefined) {
        endActivity(time, instance.launchActivity, 'Cancelled', 'Instance was terminated');
      }
      endActivity(
        time,
        beginActivity(group, `Terminating EC2 instance: ${instance.instanceId}`, cause),
        'Successful',
      );
    }
    end(group, instance, because !== 'abandoned' || quirks.abandonRunsTerminationHooks);
  };

  const abandonLaunch = (
    group: SimulatedGroup,
    instance: SimulatedInstance,
    action: LifecycleAction,
  ): void => {
    hasFailedToLaunch(group);
    const activity = instance.launchActivity;
    if (activity !== undefined) {
      endActivity(
        time,
        activity,
        'Cancelled',
        `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${action.token} was abandoned: Lifecycle Action Completed with ABANDON Result`,
      );
      if (quirks.abandonSendsLaunchUnsuccessful) {
        emitActivity(group, 'EC2 Instance Launch Unsuccessful', activity, instance.instanceId);
      }
    }
    onEvent({
      group: group.name,
      kind: 'launch-failed',
      text: instance.bootstrapFailure?.cause ?? 'abandoned',
    });
    terminate(group, instance, 'abandoned', 'a launch was abandoned.');
  };

  /**
   * Completes one hook. Launching: CONTINUE waits for the other hooks, then the instance goes into service; ABANDON
   * ends it. Terminating: ABANDON skips the other hooks; it ends either way.
   */
  const complete = (
    group: SimulatedGroup,
    instance: SimulatedInstance,
    action: LifecycleAction,
    result: 'CONTINUE' | 'ABANDON',
  ): void => {
    instance.actions = instance.actions.filter((other) => other !== action);
    if (instance.lifecycleState === 'Pending:Wait') {
      if (result === 'ABANDON') {
        instance.actions = [];
        abandonLaunch(group, instance, action);
        return;
      }
      if (instance.actions.length > 0) return;
      instance.lifecycleState = 'Pending:Proceed';
      setTimeout(() => enterService(group, instance), proceedSeconds * 1000);
      return;
    }
    if (result === 'CONTINUE' && instance.actions.length > 0) return;
    instance.actions = [];
    instance.lifecycleState = 'Terminating:Proceed';
    setTimeout(() => {
      changeEc2(instance.ec2, { state: 'terminated' }, time.now());
      instance.lifecycleState = 'Terminated';
      group.instances = group.instances.filter((other) => other !== instance);
    }, proceedSeconds * 1000);
  };

  /** The bootstrap of an instance: when it ends well it completes the launch hooks, or the instance serves. */
  const bootstrap = (group: SimulatedGroup, instance: SimulatedInstance, isWarm: boolean): void => {
    const outcome = isWarm ? ({ kind: 'well' } as const) : world.launchOutcome(group);
    if (outcome.kind === 'stuck') {
      instance.bootstrapFailure = { cause: outcome.cause, consoleOutput: outcome.consoleOutput };
      onEvent({ group: group.name, kind: 'launch-hangs', text: outcome.cause });
    }
    const hooks = hooksOf(group, 'autoscaling:EC2_INSTANCE_LAUNCHING');
    const boot = isWarm ? warmStartSeconds : group.bootSeconds * world.bootFactor(group);
    const seconds = boot * (0.9 + 0.2 * time.random());
    if (hooks.length > 0) {
      setTimeout(() => {
        if (instance.lifecycleState === 'Pending') beginHooks(group, instance, hooks);
      }, startSeconds * 1000);
    }
    // Without a hook nobody waits for the bootstrap: the instance serves, well or not.
    if (hooks.length > 0 && outcome.kind === 'stuck') return;
    setTimeout(
      () => {
        if (hooks.length === 0) enterService(group, instance);
        else for (const action of [...instance.actions]) complete(group, instance, action, 'CONTINUE');
      },
      Math.max(seconds, startSeconds + 1) * 1000,
    );
  };

  /**
   * An instance of the warm pool starts in the place of a launch, and another is launched into the pool. What becomes of
   * that is told with the pool as its destination, and no activity of the group names it as a launch of the group.
   * Source: Amazon EC2 Auto Scaling User Guide, "Warm pools"; ec2-auto-scaling-event-reference.
   */
  const takeFromWarmPool = (group: SimulatedGroup): void => {
    group.warm -= 1;
    setTimeout(() => refillWarmPool(group), startSeconds * 1000);
  };

  const refillWarmPool = (group: SimulatedGroup): void => {
    if (isSuspended(group, 'Launch')) {
      setTimeout(() => refillWarmPool(group), 60_000);
      return;
    }
    const outcome = world.launchOutcome(group);
    const { instanceId } = newInstance(group);
    const activity = beginActivity(
      group,
      `Launching a new EC2 instance into warm pool: ${instanceId}`,
      'an instance was started to fill the warm pool.',
    );
    if (outcome.kind === 'well') {
      setTimeout(() => {
        endActivity(time, activity, 'Successful');
        group.warm += 1;
        emitActivity(group, 'EC2 Instance Launch Successful', activity, instanceId, 'WarmPool');
      }, group.bootSeconds * 1000);
      return;
    }
    const statusMessage = outcome.kind === 'stuck' ? outcome.cause : outcome.statusMessage;
    endActivity(time, activity, 'Failed', statusMessage);
    emitActivity(group, 'EC2 Instance Launch Unsuccessful', activity, instanceId, 'WarmPool');
    setTimeout(() => refillWarmPool(group), 60_000);
  };

  /** EC2 ends the instance while it starts; the activity fails, and names it (a launch event too). */
  const endBeforeHooks = (
    group: SimulatedGroup,
    instance: SimulatedInstance,
    statusMessage: string,
  ): void => {
    setTimeout(
      () => {
        if (instance.lifecycleState !== 'Pending') return;
        changeEc2(instance.ec2, { state: 'terminated' }, time.now());
        instance.lifecycleState = 'Terminated';
        group.instances = group.instances.filter((other) => other !== instance);
        hasFailedToLaunch(group);
        onEvent({ group: group.name, kind: 'launch-failed', text: statusMessage });
        if (instance.launchActivity === undefined) return;
        endActivity(time, instance.launchActivity, 'Failed', statusMessage);
        emitActivity(group, 'EC2 Instance Launch Unsuccessful', instance.launchActivity, instance.instanceId);
      },
      (startSeconds - 5) * 1000,
    );
  };

  return {
    newInstance,
    terminate,
    complete,

    /** Launches one instance, in the zone with the fewest unless one is named. */
    launch: (group: SimulatedGroup, cause: string, rebalanceIn?: string): SimulatedInstance | undefined => {
      const isWarm = group.warm > 0;
      if (isWarm) takeFromWarmPool(group);
      const outcome = isWarm ? ({ kind: 'well' } as const) : world.launchOutcome(group);
      if (outcome.kind === 'refused') {
        const activity = beginActivity(
          group,
          `Launching a new EC2 instance.  Status Reason: ${outcome.statusMessage}`,
          cause,
        );
        endActivity(time, activity, 'Failed', outcome.statusMessage);
        hasFailedToLaunch(group);
        group.nextLaunchAt = Math.max(group.nextLaunchAt, time.now() + refusedPauseSeconds * 1000);
        onEvent({ group: group.name, kind: 'launch-failed', text: outcome.statusMessage });
        emitActivity(group, 'EC2 Instance Launch Unsuccessful', activity, '');
        return undefined;
      }
      const instance = newInstance(group, rebalanceIn);
      if (rebalanceIn !== undefined) instance.isRebalancing = true;
      instance.launchActivity = beginActivity(
        group,
        `Launching a new EC2 instance: ${instance.instanceId}`,
        cause,
      );
      group.instances.push(instance);
      if (outcome.kind === 'ended') endBeforeHooks(group, instance, outcome.statusMessage);
      else bootstrap(group, instance, isWarm);
      return instance;
    },

    /** Applies the default result of every hook whose heartbeat or global timeout has passed. */
    timeOutHooks: (group: SimulatedGroup): void => {
      for (const instance of group.instances.filter(({ actions }) => actions.length > 0)) {
        for (const action of [...instance.actions]) {
          const { hook, heartbeatAt, startedAt } = action;
          const isOver =
            time.now() - heartbeatAt >= hook.heartbeatTimeoutSeconds * 1000 ||
            time.now() - startedAt >= globalTimeoutSeconds(hook) * 1000;
          if (isOver && instance.actions.includes(action)) {
            complete(group, instance, action, hook.defaultResult);
          }
        }
      }
    },

    /** Tells of something that is an activity without an instance of its own. */
    noteActivity: (
      group: SimulatedGroup,
      description: string,
      cause: string,
      statusMessage: string,
    ): void => {
      endActivity(time, beginActivity(group, description, cause), 'Cancelled', statusMessage);
    },
  };
};

/** The life of the instances of all groups. */
export type InstanceLifecycle = ReturnType<typeof createInstanceLifecycle>;
