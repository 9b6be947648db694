import type {
  GroupSpec,
  LaunchOutcome,
  LifecycleHookSpec,
  ScalingPolicy,
} from '../cloud/auto-scaling-group.ts';
import type { Quirks } from '../cloud/simulated-cloud.ts';
import type { ServiceName } from '../cloud/wire.ts';
import { byHandOf, withSettings } from './by-hand.ts';
import { type Dice, diceOf } from './dice.ts';
import type { DeployedMeanwhile, Part, RandomIncident } from './parts.ts';
import { tiers } from './policy.ts';
import { refusals } from './refusals.ts';

/**
 * What keeps Holdfast from holding groups at all. Without these, and with a service that answers, one group that fails
 * is no reason not to hold another.
 */
const keepsFromHolding: Part['kind'][] = [
  'silence',
  'stop executions',
  'kill switch',
  'opt out',
  'make anew',
  'delete',
  'deploy',
  'death',
  'stack update',
];

/** Whether nothing but a group itself can be a reason why it is not held. */
export const isCalm = ({ parts, quirks }: RandomIncident): boolean =>
  parts.every(({ kind }) => !keepsFromHolding.includes(kind)) &&
  (quirks.hangRate ?? 0) === 0 &&
  (quirks.serverErrorRate ?? 0) === 0 &&
  (quirks.tableErrorRate ?? 0) === 0;

/** What AWS allows in a name: everything that can be printed but a colon (Auto Scaling API reference, CreateAutoScalingGroup). */
const nameCharacters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).filter(
  (character) => character !== ':',
);

const nameOf = ({ chance, between, pick }: Dice, index: number): string => {
  if (!chance(0.15)) return `group-${index}`;
  if (chance(0.2)) return `${pick(['__proto__', 'constructor', '-', '#', 'notices'])}${index}`;
  const length = chance(0.3) ? 250 : between(1, 40);
  const middle = Array.from({ length }, () => pick(nameCharacters)).join('');
  // Blanks at the ends AWS cuts off; and whoever checks a sentence must see where a name ends.
  return `${index}${middle}x`.slice(0, 255).replaceAll(/[,.](?= )/g, '_');
};

const processes = [
  'Launch',
  'Terminate',
  'HealthCheck',
  'ReplaceUnhealthy',
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
  'AddToLoadBalancer',
  'InstanceRefresh',
];

const hookOf = ({ chance, pick }: Dice): LifecycleHookSpec => ({
  lifecycleHookName: 'bootstrap',
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  heartbeatTimeoutSeconds: pick([600, 1800, 3600, 7200]),
  defaultResult: chance(0.8) ? 'ABANDON' : 'CONTINUE',
});

const policyOf = ({ chance, pick }: Dice): ScalingPolicy =>
  chance(0.5)
    ? { type: 'TargetTrackingScaling', name: 'cpu', targetValue: pick([40, 60]), neverScalesIn: chance(0.2) }
    : { type: 'StepScaling', name: 'step', above: 70, add: 1, below: 20, remove: 1 };

/** Instance stores, AWS Graviton, Xen, and one that bursts. */
const otherTypes = ['m5d.large', 'm7g.large', 'm4.large', 't3.large'];

/** Instances that count more than one, or are of several types: a few groups have them. */
const unevenOf = ({ chance, pick }: Dice): Partial<GroupSpec> => {
  if (chance(0.1)) return { weightedCapacity: pick(['2', '3']) };
  if (!chance(0.07)) return {};
  return {
    groupDetails: {
      MixedInstancesPolicy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: { LaunchTemplateId: 'lt-mixed', Version: '$Latest' },
          Overrides: [{ InstanceType: 'm7i.large' }, { InstanceType: 'm6i.large' }],
        },
      },
    },
  };
};

const groupOf = (dice: Dice, index: number): GroupSpec => {
  const { chance, between, pick, some } = dice;
  const desiredCapacity = pick([0, 1, 2, 2, 3, 4, 5, 7]);
  const tier = pick(tiers);
  return {
    name: nameOf(dice, index),
    tags: {
      tier,
      ...(chance(0.9) ? { holdfast: 'true' } : {}),
      ...(chance(0.2) ? { 'aws:cloudformation:stack-name': `stack-${index}` } : {}),
      ...(chance(0.1) ? { AmazonECSManaged: '' } : {}),
    },
    minSize: between(0, desiredCapacity),
    maxSize: desiredCapacity + pick([0, 1, 2, 5]),
    desiredCapacity,
    availabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1c'].slice(0, between(1, 3)),
    healthCheckType: chance(0.6) ? 'ELB' : 'EC2',
    healthCheckGracePeriodSeconds: pick([0, 60, 300]),
    bootSeconds: pick([60, 120, 300]),
    deregistrationDelaySeconds: pick([0, 30, 300]),
    requestsPerSecondAtFullCpu: 100,
    policies: chance(0.5) ? [policyOf(dice)] : [],
    ...(chance(tier === 'api' ? 0.8 : 0.3) ? { lifecycleHooks: [hookOf(dice)] } : {}),
    ...(chance(0.15)
      ? {
          scheduledActions: [
            {
              scheduledActionName: 'more',
              atSeconds: between(300, 6000),
              desiredCapacity: between(0, desiredCapacity + 2),
            },
          ],
        }
      : {}),
    ...(chance(0.1) ? { launchesBeforeTerminating: true } : {}),
    ...(chance(0.1) ? { warmPoolSize: between(1, 3) } : {}),
    ...(chance(0.25) ? { suspendedProcesses: some(processes, 0.2) } : {}),
    ...(chance(0.1) ? { newInstancesProtected: true } : {}),
    ...(chance(0.1) ? { launchTemplateVersion: pick(['$Default', '1']) } : {}),
    ...(chance(0.15) ? { instanceType: pick(otherTypes) } : {}),
    ...unevenOf(dice),
  };
};

const services: (ServiceName | 'DynamoDB')[] = [
  'AutoScaling',
  'CloudFormation',
  'CloudTrail',
  'CloudWatch',
  'EC2',
  'ElasticLoadBalancing',
  'SNS',
  'SSM',
  'StepFunctions',
  'DynamoDB',
];

/** Functions that may die, and at which of their calls and writes. */
const mortal = [
  'planHold',
  'applyHold',
  'checkHold',
  'releaseHold',
  'inspectGroups',
  'reportHold',
  'planDrain',
  'chooseDrains',
  'tendBreakers',
  'keepEvidence',
  'abandonLaunches',
  'planResize',
  'chooseWave',
  'prepareGroup',
  'reserveCapacity',
  'enterStandby',
  'stopInstance',
  'changeInstanceType',
  'startInstance',
  'exitStandby',
  'restoreGroup',
  'updateLaunchTemplate',
  'routeSignal',
  'sweep',
  'tellPeople',
];

const outcomeOf = ({ pick }: Dice): LaunchOutcome =>
  pick<LaunchOutcome>([
    { kind: 'stuck', cause: 'the bootstrap hangs', consoleOutput: 'E: Failed to fetch\n' },
    { kind: 'stuck', cause: 'the bootstrap hangs', consoleOutput: '' },
    { kind: 'refused', statusMessage: 'We currently do not have sufficient capacity.' },
    { kind: 'ended', statusMessage: 'Client.InternalError: Client error on launch' },
  ]);

/** When everything that people and AWS do is over, in seconds since the start; outages may last longer. */
export const busySeconds = 7200;

const partOf = (dice: Dice, names: string[]): Part => {
  const { chance, between, pick, some } = dice;
  const from = between(60, busySeconds);
  const lasts = between(60, 3600);
  const group = pick(names);
  const groups = chance(0.5) ? names : some(names, 0.4);
  const kind = pick<Part['kind']>([
    ...Array<Part['kind']>(3).fill('loss'),
    ...Array<Part['kind']>(3).fill('launches fail'),
    ...Array<Part['kind']>(6).fill('by hand'),
    ...Array<Part['kind']>(2).fill('silence'),
    ...Array<Part['kind']>(3).fill('resume'),
    ...Array<Part['kind']>(2).fill('death'),
    'no capacity',
    'health checks fail',
    'starts do not serve',
    'restarts',
    'stop executions',
    'kill switch',
    'suspend',
    'protect',
    'unprotect',
    'opt out',
    'terminate an instance',
    'set desired capacity',
    'make anew',
    'delete',
    'stack update',
    'instance refresh',
    'disable alarm actions',
    'terraform',
    'ecs',
    'deploy',
    'refuses',
  ]);
  switch (kind) {
    case 'loss':
      return {
        kind,
        from,
        lasts,
        fraction: pick([0.03, 0.12, 0.4]),
        ...(chance(0.3) ? { flapSeconds: between(60, 600) } : {}),
      };
    case 'launches fail':
      // Where launches fail everywhere at once, nothing is drained.
      return {
        kind,
        from,
        lasts,
        groups: chance(0.7) ? [group, ...some(names, 0.1)] : groups,
        outcome: outcomeOf(dice),
      };
    case 'no capacity':
      return { kind, from, lasts, instanceTypes: some(['m7i.large', 'm7i.xlarge', 'm7i.2xlarge'], 0.5) };
    case 'health checks fail':
      return { kind, from, lasts: Math.min(lasts, 1200), groups, fraction: pick([0.3, 1]) };
    case 'starts do not serve':
      return { kind, from, lasts, groups };
    case 'restarts':
      return { kind, from, lasts, groups, everySeconds: between(120, 600) };
    case 'silence':
      return {
        kind,
        from,
        lasts: chance(0.2) ? between(3600, 10_800) : between(300, 3600),
        services: chance(0.2) ? some(services, 0.5) : [pick(services)],
        ...(chance(0.3) ? { error: 'Throttling' } : {}),
      };
    case 'by hand':
      return { kind, from, ...byHandOf(dice, names) };
    case 'stop executions':
      return { kind, from };
    case 'kill switch':
      return { kind, from, lasts, word: pick(['off', 'dry-run', 'disabled', ' OFF ']) };
    case 'suspend':
      return { kind, from, group, processes: [pick(processes)] };
    case 'resume':
      // None named would mean all of them.
      return { kind, from, group, processes: [pick(processes), ...some(processes, 0.4)] };
    case 'protect':
    case 'unprotect':
    case 'terminate an instance':
    case 'make anew':
    case 'delete':
    case 'stack update':
    case 'instance refresh':
    case 'ecs':
      return { kind, from, group };
    case 'terraform':
      return { kind, from, lasts, group, everySeconds: pick([300, 900, 3600]) };
    case 'deploy':
      return { kind, from, lasts, how: pick<DeployedMeanwhile>(['the same', 'other rules', 'dry run']) };
    case 'refuses':
      return { kind, from, lasts, groups: [group], error: pick(refusals) };
    case 'opt out':
      return { kind, from, lasts, group };
    case 'set desired capacity':
      return { kind, from, group, to: between(0, 8) };
    case 'disable alarm actions':
      return { kind, from, lasts };
    case 'death':
      return { kind, function: pick(mortal), at: between(1, 12), when: pick(['before', 'after']) };
  }
};

const quirksOf = ({ chance, pick }: Dice): Partial<Quirks> => ({
  ...(chance(0.3) ? { hangRate: pick([0.002, 0.01]) } : {}),
  ...(chance(0.3) ? { serverErrorRate: pick([0.02, 0.1]) } : {}),
  ...(chance(0.2) ? { lossRate: 0.3 } : {}),
  ...(chance(0.2) ? { duplicateRate: 0.6 } : {}),
  ...(chance(0.2) ? { lateRate: 0.3 } : {}),
  ...(chance(0.2) ? { clockSkewSeconds: pick([1, 5]) } : {}),
  ...(chance(0.2) ? { tableErrorRate: pick([0.005, 0.03]) } : {}),
});

/** One incident of so many has nothing in it but a group or two that fail: the others must be held. */
const calmShare = 0.1;

/** The same incident with groups that AWS refuses to change, and without what keeps Holdfast from holding any. */
const withFailingGroups = ({ between, pick, some }: Dice, incident: RandomIncident): RandomIncident => {
  const names = incident.groups.map(({ name }) => name);
  return {
    ...incident,
    parts: [
      ...incident.parts.filter(({ kind }) => !keepsFromHolding.includes(kind)),
      { kind: 'loss', from: between(60, 3600), lasts: between(600, 3600), fraction: pick([0.03, 0.12]) },
      {
        kind: 'refuses',
        from: 0,
        lasts: busySeconds,
        groups: [pick(names), ...some(names, 0.2)],
        error: pick(refusals),
      },
    ],
    quirks: { lossRate: 0 },
  };
};

/** Launches that fail are met only by who launches: somebody asks for more meanwhile. */
const withDemand = ({ chance, between, pick }: Dice, groups: GroupSpec[], part: Part): Part[] => {
  const meeting =
    part.kind === 'launches fail' ? groups.filter(({ name }) => part.groups.includes(name)) : [];
  if (part.kind !== 'launches fail' || meeting.length === 0 || !chance(0.8)) return [part];
  const asking = chance(0.3) ? meeting : [pick(meeting)];
  const from = part.from + between(0, Math.max(1, part.lasts - 300));
  return [
    part,
    ...asking.map(
      ({ name, maxSize }): Part => ({ kind: 'set desired capacity', from, group: name, to: maxSize }),
    ),
  ];
};

/** The size of a standard incident. */
export const standardGroups = 7;

/** Makes a random incident of a seed. */
export const createRandomIncident = (seed: number, groupsMax = standardGroups): RandomIncident => {
  const dice = diceOf(seed);
  const count = groupsMax === standardGroups ? standardGroups : dice.between(0, groupsMax);
  const groups = Array.from({ length: count }, (_, index) => groupOf(dice, index));
  // A group that there is not may be asked for too.
  const names = [...groups.map(({ name }) => name), ...(dice.chance(0.1) ? ['nowhere'] : [])];
  const incident: RandomIncident = {
    seed,
    groups,
    parts:
      names.length === 0
        ? []
        : Array.from({ length: dice.between(3, 14) }, () =>
            withDemand(dice, groups, partOf(dice, names)),
          ).flat(),
    quirks: quirksOf(dice),
    groupsFailingAlone: dice.pick([0, 1, 10]),
    load: dice.pick([0.2, 0.5, 0.8]),
  };
  const chosen = groups.length > 0 && dice.chance(calmShare) ? withFailingGroups(dice, incident) : incident;
  // Dice of their own: an incident in which nobody starts anything is the same without them.
  return withSettings(diceOf(~seed), chosen);
};
