import { parseMode } from '../../functions/domain/mode.ts';
import {
  groupNameIn,
  type SimulatedGroup,
  type SimulatedInstance,
  unitsInService,
  weightOf,
} from '../cloud/auto-scaling-group.ts';
import { instanceTypes } from '../cloud/instance-types.ts';
import { runningEvent, runningFunction } from '../cloud/lambda.ts';
import type { SimulatedCloud } from '../cloud/simulated-cloud.ts';
import { isMutating } from '../cloud/wire.ts';
import type { Ledger, Promised } from './ledger.ts';
import { leftForPeople } from './left-for-people.ts';
import type { People } from './people.ts';
import { type Asked, createAskedChecks, onTheWayMilliseconds } from './watch-asked.ts';

/** What has changed less than this ago may not have been seen yet: a description lags, a function is on its way. */
const unseenMilliseconds = 120_000;

/** So long after somebody threw the kill switch something may be begun that was decided before. */
const switchSeenMilliseconds = 120_000;

/** What takes something: the rest gives back, or only says who holds what. */
const takes = (operation: string, input: Record<string, unknown>): boolean =>
  /^(SuspendProcesses|EnterStandby|StopInstances|CompleteLifecycleAction|TerminateInstanceInAutoScalingGroup|CreateCapacityReservation|CreateLaunchTemplateVersion)$/.test(
    operation,
  ) ||
  (operation === 'SetInstanceProtection' && input.ProtectedFromScaleIn === true);

/**
 * Looks at every change that Holdfast makes, at the moment at which AWS carries it out.
 *
 * @param ledger where it is written down
 */
export const watchCalls = (
  cloud: SimulatedCloud,
  people: People,
  isDryRun: boolean,
  ledger: Ledger,
): void => {
  const { autoScaling, ec2, stepFunctions, store, time } = cloud;
  const look = (promise: Promised, isBroken: boolean, tell: () => string): void =>
    ledger.look(promise, isBroken, () => `${time.iso()} ${tell()}`);
  const {
    askedOf,
    checkSuspended,
    checkEnded,
    checkBegun,
    checkWave,
    checkReserved,
    checkStopped,
    checkType,
    checkTemplate,
  } = createAskedChecks(cloud, look);

  /** Whether an incident over the group was opened after a moment: a new reason to suspend what a person resumed. */
  const isHeldAnew = (name: string, since: number): boolean =>
    store
      .listGroups()
      .filter(({ autoScalingGroupName }) => autoScalingGroupName === name)
      .flatMap(({ holds }) => holds)
      .some(({ heldAt }) => Date.parse(heldAt) >= since);

  /** The group that a call names, or its tags do. */
  const groupOf = (input: Record<string, unknown>): SimulatedGroup | undefined => {
    const name = groupNameIn(input);
    return name === undefined ? undefined : autoScaling.groups.get(name);
  };

  const checkGroup = (operation: string, group: SimulatedGroup): void => {
    const { optedOutAt } = people.of(group);
    const isOut = group.tags.holdfast !== 'true';
    const isUnseen = optedOutAt !== undefined && time.now() - optedOutAt < unseenMilliseconds;
    look(
      'touches only its own',
      isOut && !isUnseen,
      () => `${operation} on ${group.name}, which is not opted in`,
    );
  };

  /** Whether an update of the group's CloudFormation stack may have taken back what a person did: nobody can tell them apart. */
  const isInUpdate = (name: string): boolean =>
    store
      .listGroups()
      .some(
        ({ autoScalingGroupName, stackUpdate }) => autoScalingGroupName === name && stackUpdate !== undefined,
      );

  const checkSuspension = (group: SimulatedGroup, processes: string[]): void => {
    look('touches only its own', processes.length === 0, () => `SuspendProcesses on all of ${group.name}`);
    checkSuspended(group, processes);
    const theirs = people.of(group);
    for (const process of processes) {
      const suspendedAt = theirs.suspendedAt.get(process);
      // What somebody suspended just before need not have shown: whose it is nobody can tell.
      if (suspendedAt !== undefined && time.now() - suspendedAt < unseenMilliseconds) {
        theirs.suspended.delete(process);
        theirs.unclear.add(process);
      }
      const resumedAt = theirs.resumedAt.get(process);
      if (resumedAt === undefined || time.now() - resumedAt < onTheWayMilliseconds) continue;
      look(
        'a person outranks it',
        !isHeldAnew(group.name, resumedAt) && !isInUpdate(group.name),
        () => `${process} of ${group.name} is suspended again after a person resumed it`,
      );
    }
  };

  /** What was asked of the execution whose function runs. */
  const asked = (): Asked => {
    const { plan } = (runningEvent.getStore() ?? {}) as { plan?: { incidentId?: string } };
    return askedOf(stepFunctions.executions.get(plan?.incidentId ?? '')?.input);
  };

  /**
   * Whether a call brings its instances home: they have another type or were stopped already, and must come back. By a word
   * that means nothing what is out of service already is carried through.
   */
  const bringsHome = (operation: string, { InstanceIds: ids }: Record<string, unknown>): boolean =>
    Array.isArray(ids) &&
    [...autoScaling.groups.values()].every(({ instances, launchTemplate: { versions } }) =>
      instances
        .filter(({ instanceId }) => ids.includes(instanceId))
        .every(
          ({ ec2: { instanceType, state, startedAt }, launchedAt }) =>
            instanceType !== versions[0] ||
            startedAt > launchedAt ||
            (operation === 'StopInstances' &&
              (state === 'stopping' || parseMode(people.switchWord) === undefined)),
        ),
    );

  /** Room for a wave: of what serves so much must be left as the plan promised. */
  const checkFloor = (group: SimulatedGroup, ids: string[]): void => {
    const work = store
      .listResizes()
      .find(({ autoScalingGroupName }) => autoScalingGroupName === group.name)?.work;
    look(
      'keeps the floor',
      work === undefined,
      () => `EnterStandby in ${group.name}, of which no resize is recorded`,
    );
    if (work === undefined) return;
    const left = leftForPeople(cloud);
    const atOnce =
      ids.length +
      group.instances.filter(
        ({ instanceId, lifecycleState }) =>
          /Standby$/.test(lifecycleState) && !ids.includes(instanceId) && !left.has(instanceId),
      ).length;
    const isProven = work.resizes.some(({ outcome }) => outcome === 'RESIZED');
    const fields = asked();
    checkWave(group, atOnce, isProven, fields);
    if (!bringsHome('EnterStandby', { InstanceIds: ids })) checkBegun(group, work.incidentId, fields);
    const serves = ({ lifecycleState, ec2: { state, checksOkAt }, target }: SimulatedInstance): boolean =>
      lifecycleState === 'InService' &&
      state === 'running' &&
      (group.healthCheckType === 'ELB' ? target.state === 'healthy' : checksOkAt <= time.now());
    const isJustNow = (at: number | undefined): boolean =>
      at !== undefined && time.now() - at < onTheWayMilliseconds;
    const isTaken = ({ instanceId }: SimulatedInstance): boolean => ids.includes(instanceId);
    const serving = group.instances.filter(serves);
    const { floor: floorAsked, allowDowntime } = fields;
    const plannedAt = Date.parse(
      store.listIncidents().find(({ incidentId }) => incidentId === work.incidentId)?.startedAt ?? '',
    );
    // A percentage is of what was healthy as the resize was planned: what serves since before that was.
    const servedThen = serving.filter(({ inServiceAt = 0, healthySince = 0, ec2: { checksOkAt } }) =>
      [inServiceAt, healthySince, checksOkAt].every((at) => at < plannedAt - unseenMilliseconds),
    ).length;
    const percent = typeof floorAsked === 'string' ? Number.parseInt(floorAsked, 10) : 0;
    const least = Math.max(
      allowDowntime === true ? 0 : 1,
      typeof floorAsked === 'number' ? floorAsked : Math.ceil((servedThen * percent) / 100),
    );
    look(
      'keeps the floor',
      work.floor < least,
      () => `the floor of ${group.name} is ${work.floor}, and ${least} was asked for`,
    );
    const serveOn = serving.filter((instance) => !isTaken(instance)).length;
    // What EC2 or a person ended just now nobody could know of, nor who became healthy or unhealthy while the call was on
    // its way; and what does not serve is nobody's loss.
    const isLoss = serving.some(
      (instance) =>
        isTaken(instance) && !(group.healthCheckType === 'ELB' && isJustNow(instance.healthySince)),
    );
    const ended = group.terminations.filter(({ wasGood }) => wasGood).map(({ at }) => at);
    const endedLately = [...ended, ...group.endedByEc2At].filter(
      (at) => time.now() - at < unseenMilliseconds,
    ).length;
    const unhealthyLately = group.instances.filter(
      (instance) =>
        group.healthCheckType === 'ELB' &&
        instance.lifecycleState === 'InService' &&
        instance.target.state === 'unhealthy' &&
        isJustNow(instance.unhealthySince) &&
        !isTaken(instance),
    ).length;
    look(
      'keeps the floor',
      isLoss && serveOn + endedLately + unhealthyLately < work.floor,
      () => `EnterStandby leaves ${serveOn} of ${group.name} serving, and the floor is ${work.floor}`,
    );
  };

  /** Whoever asks for snapshots loses no data of which there is none. */
  const checkSnapshot = (operation: string, instanceId: string): void => {
    look(
      'evidence first',
      asked().snapshot === true && !ec2.snapshots.some((taken) => taken.instanceId === instanceId),
      () => `${operation} on ${instanceId}, of which a snapshot was asked for and none was taken`,
    );
  };

  const groupWith = (instanceId: string): SimulatedGroup | undefined =>
    [...autoScaling.groups.values()].find(({ instances }) =>
      instances.some((each) => each.instanceId === instanceId),
    );

  const checkEnd = (operation: string, instanceId: string): void => {
    look(
      'evidence first',
      !store.listEvidence().some((kept) => kept.instanceId === instanceId),
      () => `${operation} on ${instanceId}, of which no evidence was kept`,
    );
    checkSnapshot(operation, instanceId);
    const group = groupWith(instanceId);
    const instance = group?.instances.find((each) => each.instanceId === instanceId);
    if (group !== undefined && instance !== undefined) checkEnded(group, instance);
    look(
      'touches only its own',
      instance?.lifecycleState === 'InService' &&
        time.now() - (instance.inServiceAt ?? 0) > unseenMilliseconds,
      () => `${operation} on ${instanceId}, which is in service`,
    );
  };

  /** The least that groups were to have as a hold began, while nothing of them was in Standby; and since when. */
  const leastAsHeld = new Map<SimulatedGroup, { desired: number; since: number }>();
  const rememberDesired = (group: SimulatedGroup): void => {
    if (group.instances.some(({ lifecycleState }) => /Standby$/.test(lifecycleState))) return;
    const { desired = Number.POSITIVE_INFINITY, since = time.now() } = leastAsHeld.get(group) ?? {};
    leastAsHeld.set(group, { desired: Math.min(desired, group.desiredCapacity), since });
  };
  /** The least that anybody but Holdfast wanted of a group since it was first held. */
  const leastWanted = (group: SimulatedGroup): number => {
    const { desired, since } = leastAsHeld.get(group) ?? { desired: Number.POSITIVE_INFINITY, since: 0 };
    const lowered = group.loweredByOthers.filter(({ at }) => at >= since).map(({ to }) => to);
    return Math.min(desired, ...lowered);
  };

  /**
   * Only a resize lowers what a group is to have, so that nothing is launched while an instance is in Standby: to what is
   * in service, or to what others wanted, for the rest would be ended; or to make room below the maximum for what
   * leaves Standby. And nobody raises it above what it ever was.
   */
  const checkDesired = (group: SimulatedGroup, desiredCapacity: number, functionName: string): void => {
    const isForResize = /^(prepareGroup|exitStandby|restoreGroup)$/.test(functionName);
    // Who came into service just now need not show yet.
    const inServiceLately = group.instances.filter(
      ({ lifecycleState, inServiceAt = 0 }) =>
        lifecycleState === 'InService' && time.now() - inServiceAt < unseenMilliseconds,
    ).length;
    // What is in Standby is not counted until it leaves.
    const inStandby =
      group.instances.filter(({ lifecycleState }) => lifecycleState === 'Standby').length * weightOf(group);
    const atLeast = isForResize
      ? Math.min(
          unitsInService(group) - inServiceLately * weightOf(group),
          leastWanted(group) - inStandby,
          ...(functionName === 'exitStandby' ? [group.maxSize - inStandby] : []),
        )
      : group.desiredCapacity;
    look(
      'gives back',
      desiredCapacity < Math.min(group.desiredCapacity, atLeast),
      () =>
        `desired capacity of ${group.name} is lowered from ${group.desiredCapacity} to ${desiredCapacity}, and ${unitsInService(group)} are in service`,
    );
    const highest = Math.max(group.desiredHighest, group.desiredCapacity);
    look(
      'gives back',
      desiredCapacity > highest,
      () => `desired capacity of ${group.name} is raised to ${desiredCapacity}, and was ${highest} at most`,
    );
  };

  const checkSwitch = (operation: string, input: Record<string, unknown>, functionName?: string): void => {
    const { switchedSince } = people;
    // Where newcomers do not work, giving back protects the others until those are replaced.
    if (operation === 'SetInstanceProtection' && functionName === 'releaseHold') return;
    if (switchedSince === undefined || time.now() - switchedSince < switchSeenMilliseconds) return;
    look(
      'the switch stops it',
      takes(operation, input) && !bringsHome(operation, input),
      () => `${operation} after the kill switch was thrown: ${JSON.stringify(input)}`,
    );
  };

  /** At every call of a dry run: it may read. */
  const checkDryRun = (operation: string, isReading: boolean): void => {
    if (isDryRun || asked().dryRun === true) look('dry run', !isReading, () => `${operation} in a dry run`);
  };

  const checkAutoScaling = (
    operation: string,
    input: Record<string, unknown>,
    functionName: string,
  ): void => {
    const isReading = /^Describe/.test(operation);
    checkDryRun(operation, isReading);
    if (isReading) return;
    checkSwitch(operation, input, functionName);
    const group = groupOf(input);
    if (group !== undefined) {
      if (input.DesiredCapacity !== undefined)
        checkDesired(group, Number(input.DesiredCapacity), functionName);
      if (operation === 'SuspendProcesses') {
        rememberDesired(group);
        checkSuspension(group, (input.ScalingProcesses ?? []) as string[]);
      }
      if (operation === 'EnterStandby') checkFloor(group, (input.InstanceIds ?? []) as string[]);
    }
    if (operation === 'CompleteLifecycleAction' || operation === 'TerminateInstanceInAutoScalingGroup')
      checkEnd(operation, String(input.InstanceId));
    look('touches only its own', input.LifecycleActionResult === 'CONTINUE', () => 'a launch is continued');
  };

  const checkStop = (ids: string[]): void => {
    for (const { instances, name } of autoScaling.groups.values()) {
      for (const instance of instances) {
        const {
          instanceId,
          lifecycleState,
          ec2: { instanceType, state },
        } = instance;
        if (!ids.includes(instanceId)) continue;
        checkStopped(instance, asked());
        look(
          'keeps the floor',
          lifecycleState === 'InService',
          () => `StopInstances on ${instanceId} of ${name}, which is in service`,
        );
        look(
          'evidence first',
          state === 'running' &&
            instanceTypes.get(instanceType)?.InstanceStorageSupported === true &&
            asked().allowInstanceStoreLoss !== true,
          () => `StopInstances on ${instanceId} of ${name}, whose instance store would be lost`,
        );
      }
    }
  };

  /** An instance gets another type than the one it was launched with. */
  const checkNewType = ({ InstanceId, InstanceType }: Record<string, unknown>): void => {
    const { Value: wanted } = (InstanceType ?? {}) as { Value?: string };
    if (wanted === undefined) return;
    const group = groupWith(String(InstanceId));
    checkType(group, wanted, asked());
    if (wanted !== group?.launchTemplate.versions[0])
      checkSnapshot('ModifyInstanceAttribute', String(InstanceId));
  };

  const checkEc2 = (operation: string, input: Record<string, unknown>): void => {
    const isReading = /^(Describe|Get)/.test(operation) || input.DryRun === true;
    checkDryRun(operation, isReading);
    if (isReading) return;
    checkSwitch(operation, input);
    if (/LaunchTemplate/.test(operation)) checkTemplate(operation, asked());
    if (operation === 'CreateCapacityReservation') checkReserved(asked());
    if (operation === 'StopInstances') checkStop((input.InstanceIds ?? []) as string[]);
    if (operation === 'ModifyInstanceAttribute') checkNewType(input);
  };

  /** At the call, as it meets the account. That a group has not opted in is no matter where IAM refuses the call. */
  const watch = (
    service: { handle(operation: string, input: Record<string, unknown>): object },
    check: (operation: string, input: Record<string, unknown>, functionName: string) => void,
    checkDone: (operation: string, input: Record<string, unknown>) => void = () => {},
  ): void => {
    const { handle } = service;
    service.handle = (operation, input) => {
      const functionName = runningFunction.getStore();
      const isOurs = functionName !== undefined;
      // What is looked at here is not looked at by the function that makes the call.
      if (isOurs) runningFunction.exit(() => check(operation, input, functionName));
      const output = handle(operation, input);
      if (isOurs) runningFunction.exit(() => checkDone(operation, input));
      return output;
    };
  };
  /** What began before the stage was deployed as a dry run may be tried; IAM refuses it. */
  const checkDeployed = (
    service: 'AutoScaling' | 'EC2',
    operation: string,
    input: Record<string, unknown>,
  ): void => {
    if (people.dryRunSince === undefined) return;
    look(
      'dry run',
      isMutating(service, operation, input),
      () => `${operation} since the stage is deployed as a dry run`,
    );
  };
  watch(autoScaling, checkAutoScaling, (operation, input) => {
    checkDeployed('AutoScaling', operation, input);
    const group = groupOf(input);
    if (group !== undefined && !/^Describe/.test(operation)) checkGroup(operation, group);
  });
  watch(ec2, checkEc2, (operation, input) => checkDeployed('EC2', operation, input));
};
