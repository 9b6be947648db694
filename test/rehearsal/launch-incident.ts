import { loadPolicy } from '../../functions/policy.ts';
import type {
  GroupSpec,
  LaunchOutcome,
  LifecycleHookSpec,
} from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { Quirks, SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { stateMachineArn } from '../../rehearsal/cloud/step-functions.ts';
import type { Deed, Story } from '../../rehearsal/incident.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import type { RehearsalResult } from '../../rehearsal/rehearse.ts';
import { minutes, smallGroup } from './small-incident.ts';

export const launchHook: LifecycleHookSpec = {
  lifecycleHookName: 'bootstrap-complete',
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  heartbeatTimeoutSeconds: 7200,
  defaultResult: 'ABANDON',
};

export const apiGroup = (name: string, over: Partial<GroupSpec> = {}): GroupSpec =>
  smallGroup(name, {
    tags: { tier: 'api', holdfast: 'true' },
    maxSize: 200,
    lifecycleHooks: [launchHook],
    ...over,
  });

/** Groups that are managed and well, so that the others' trouble is not everybody's. */
export const quietGroups = (count: number): GroupSpec[] =>
  Array.from({ length: count }, (_, index) =>
    smallGroup(`quiet-${index}`, { tags: { tier: 'worker', holdfast: 'true' }, desiredCapacity: 1 }),
  );

export const stuck: LaunchOutcome = {
  kind: 'stuck',
  cause: 'the bootstrap hangs',
  consoleOutput: 'cloud-init: starting\nE: Failed to fetch api-runtime_4.2.1: 503\n',
};

export const scaleOutAt = (
  atSeconds: number,
  desiredCapacity: number,
): Pick<GroupSpec, 'scheduledActions'> => ({
  scheduledActions: [{ scheduledActionName: 'more', atSeconds, desiredCapacity }],
});

/** The minute in which the group of `launchIncident` asks for more, and when its launches are well again. */
export const asksForMoreAt = minutes(10);
const mendedAt = minutes(90);

/** One group of four that asks for six; what it launches in the first ninety minutes hangs. Four quiet groups beside it. */
export const launchIncident = (over: Partial<Story> = {}): Story => ({
  ...packageRepository,
  name: 'launches',
  startsAt: packetLoss.startsAt,
  durationSeconds: minutes(240),
  groups: [apiGroup('api', scaleOutAt(asksForMoreAt, 6)), ...quietGroups(4)],
  alarms: [],
  deeds: [],
  load: () => 80,
  launchFaults: [
    { name: 'launches hang', groups: ['api'], fromSeconds: 0, untilSeconds: mendedAt, outcome: stuck },
  ],
  mustBeHeld: [],
  mustSurvive: [],
  ...over,
});

/** Where the facts are unsure, one way; nothing lost, nothing late. */
export const calm: Partial<Quirks> = {
  duplicateRate: 0,
  bestEffortLossRate: 0,
  suspensionDelaySeconds: 0,
  protectionIsAllOrNothing: true,
  terminatesWaitingInstances: true,
  abandonRunsTerminationHooks: false,
  abandonSendsLaunchUnsuccessful: true,
  limitsFailingLaunches: false,
  exitStandbyKeepsToMaximum: true,
  reservationDelaySeconds: 0,
  standbyLagSeconds: 0,
  endsPendingWhileTerminateIsSuspended: true,
  othersShareOfCalls: 0,
  metricDelayMinutes: 0,
  ec2StaleSeconds: 0,
  stuckStopRate: 0,
  impairedStartRate: 0,
  deafStartRate: 0,
  marksFewWhenAllFail: false,
  ec2EndsPerHour: 0,
};

/** The repository's policy without the rules that would also act. */
export const onlyRules = (...names: string[]) => ({
  rules: loadPolicy().rules.filter(({ name }) => names.includes(name)),
});

/** Starts an execution of a remediation by hand, as from the console. */
export const startOf = (remediation: string, name: string, input: object, atSeconds: number): Deed => ({
  atSeconds,
  text: `somebody starts ${remediation}`,
  act: ({ stepFunctions }) => {
    stepFunctions.startExecution(stateMachineArn(`holdfast-rehearsal-${remediation}`), name, input);
  },
});

/** Does something right before each call of an operation reaches Auto Scaling. */
export const rightBefore = (
  operation: string,
  act: (cloud: SimulatedCloud, input: Record<string, unknown>) => void,
): Deed => ({
  atSeconds: 2,
  text: `something happens right before each ${operation}`,
  act: (cloud) => {
    const { handle } = cloud.autoScaling;
    cloud.autoScaling.handle = (called, input) => {
      if (called === operation) act(cloud, input);
      return handle(called, input);
    };
  },
});

/** Instances that Holdfast ended, or tried to, each once, with the minute. */
export const drained = (result: RehearsalResult): { instanceId: string; minute: number }[] => [
  ...new Map(
    result.calls
      .filter(
        ({ operation, outcome }) =>
          outcome === 'ok' &&
          ['CompleteLifecycleAction', 'TerminateInstanceInAutoScalingGroup'].includes(operation),
      )
      .map(({ at, input }) => [
        String(input.InstanceId),
        {
          instanceId: String(input.InstanceId),
          minute: (Date.parse(at) - Date.parse(packetLoss.startsAt)) / 60_000,
        },
      ]),
  ).values(),
];

export const executionsOf = (result: RehearsalResult, remediation: string) =>
  result.executions.filter(({ machine }) => machine.endsWith(remediation));

export const groupOf = ({ autoScaling }: SimulatedCloud, name = 'api') => {
  const group = autoScaling.groups.get(name);
  if (group === undefined) throw new Error(`there is no group ${name}`);
  return group;
};

export const inServiceOf = (cloud: SimulatedCloud, name = 'api'): number =>
  groupOf(cloud, name).instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length;
