import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { holdTagKey } from '../functions/domain/holds/hold-tag.ts';
import { rulesForAlarm } from '../functions/domain/signals/match-rules.ts';
import { counted, firstOf } from '../functions/domain/times.ts';
import { describeIssues, type IssueSource } from '../functions/events/describe-issues.ts';
import type { Policy } from '../functions/events/policy.ts';
import { parseYamlFile, type YamlFile } from '../functions/yaml-file.ts';
import type {
  GroupSpec,
  LifecycleHookSpec,
  ScalingPolicy,
  SimulatedGroup,
} from './cloud/auto-scaling-group.ts';
import type { AlarmSpec } from './cloud/cloudwatch.ts';
import { instanceTypes } from './cloud/instance-types.ts';
import type { Story } from './incident.ts';

/** A fleet file cannot be used; the message names the field, what was found and what is allowed. */
export class InvalidFleetError extends Error {
  override name = 'InvalidFleetError';
}

const size = () => z.number().int().min(0);

/** A group, as `DescribeAutoScalingGroups` says it. */
const groupSchema = z
  .object({
    AutoScalingGroupName: z.string().min(1),
    MinSize: size(),
    MaxSize: size(),
    DesiredCapacity: size(),
    AvailabilityZones: z.array(z.string()).default([]),
    HealthCheckType: z.string().default('EC2'),
    HealthCheckGracePeriod: size().default(0),
    NewInstancesProtectedFromScaleIn: z.boolean().default(false),
    Instances: z
      .array(z.object({ InstanceType: z.string().optional(), WeightedCapacity: z.string().optional() }))
      .default([]),
    Tags: z.array(z.object({ Key: z.string(), Value: z.string().default('') })).default([]),
    SuspendedProcesses: z.array(z.object({ ProcessName: z.string() })).default([]),
  })
  .refine(({ MinSize, MaxSize }) => MinSize <= MaxSize, {
    path: ['MaxSize'],
    message: 'at least MinSize',
  });
type DescribedGroup = z.output<typeof groupSchema>;

/** A scaling policy, as `DescribePolicies` says it. */
const policySchema = z.object({
  AutoScalingGroupName: z.string(),
  PolicyName: z.string(),
  TargetTrackingConfiguration: z
    .object({
      TargetValue: z.number(),
      DisableScaleIn: z.boolean().default(false),
      PredefinedMetricSpecification: z.object({ PredefinedMetricType: z.string() }).optional(),
    })
    .optional(),
});

/** A lifecycle hook, as `DescribeLifecycleHooks` says it. */
const hookSchema = z.object({
  AutoScalingGroupName: z.string(),
  LifecycleHookName: z.string(),
  LifecycleTransition: z.enum(['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING']),
  HeartbeatTimeout: z.number().int().positive().default(3600),
  DefaultResult: z.enum(['CONTINUE', 'ABANDON']).default('ABANDON'),
});

const fleetSchema = z.object({
  AutoScalingGroups: z.array(groupSchema).min(1),
  ScalingPolicies: z.array(policySchema).optional(),
  LifecycleHooks: z.array(hookSchema).optional(),
  MetricAlarms: z.array(z.object({ AlarmName: z.string() })).optional(),
});

/** A fleet as AWS describes it: what `holdfast snapshot` prints, or `aws autoscaling describe-auto-scaling-groups`. */
export type Fleet = z.output<typeof fleetSchema>;

/** Names a field, and beside a number in a list the group that stands there. */
const fieldNameIn =
  (raw: unknown) =>
  (path: readonly PropertyKey[]): string => {
    const [list, index, ...rest] = path;
    const lists = raw as Record<PropertyKey, Record<PropertyKey, Record<string, unknown>>>;
    const name = index === undefined ? undefined : lists[list ?? '']?.[index]?.AutoScalingGroupName;
    const of = typeof name === 'string' ? ` (${name})` : '';
    return (
      [`${[list, index].filter((part) => part !== undefined).join('.')}${of}`, ...rest.map(String)]
        .filter((part) => part !== '')
        .join('.') || 'the file itself'
    );
  };

/**
 * Parses a fleet that was read from JSON; fields that the rehearsal does not need are left out.
 * @throws InvalidFleetError naming the field
 */
export const parseFleet = (
  raw: unknown,
  source: string,
  where: Pick<IssueSource, 'positionOf'> = {},
): Fleet => {
  const parsed = fleetSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new InvalidFleetError(
    `${source} is not a fleet as AWS describes it:\n${describeIssues(fleetSchema, parsed.error, raw, { fieldName: fieldNameIn(raw), ...where })}`,
  );
};

/**
 * Reads a fleet file.
 * @throws InvalidFleetError when it cannot be read, is not JSON, or not a fleet
 */
export const loadFleet = (file: string): Fleet => {
  let text: string;
  let raw: unknown;
  try {
    text = readFileSync(file, 'utf8');
    raw = JSON.parse(text);
  } catch (cause) {
    const hint = cause instanceof SyntaxError ? '. A fleet file is JSON, as holdfast snapshot prints it' : '';
    throw new InvalidFleetError(`${file} cannot be read as a fleet: ${(cause as Error).message}${hint}`, {
      cause,
    });
  }
  // Every JSON text is a YAML text, and the parser of YAML knows where things stand.
  let places: YamlFile | undefined;
  const positionOf: IssueSource['positionOf'] = (...place) => {
    places ??= parseYamlFile(text, file);
    return places.positionOf(...place);
  };
  return parseFleet(raw, file, { positionOf });
};

/** What is assumed where the file says nothing. */
const assumed = {
  instanceType: 'm7i.large',
  bootSeconds: 240,
  deregistrationDelaySeconds: 60,
  cpuTarget: 50,
  requestsPerSecondAtFullCpu: 100,
} as const;

/** How much longer a story of a fleet is told, so that everything can be given back. */
const giveBackSeconds = 4 * 3600;

/** The type that most of its instances have, as far as the simulated EC2 knows it. */
const typeOf = ({ Instances }: DescribedGroup): string | undefined => {
  const known = Instances.flatMap(({ InstanceType = '' }) =>
    instanceTypes.has(InstanceType) ? InstanceType : [],
  );
  const counts = Map.groupBy(known, (type) => type);
  return [...counts].sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
};

const cpuPolicy = (name: string, targetValue: number, neverScalesIn = false): ScalingPolicy => ({
  type: 'TargetTrackingScaling',
  name,
  targetValue,
  ...(neverScalesIn ? { neverScalesIn } : {}),
});

/** What each instance counts towards the sizes of a group, where all count the same. */
const weightOf = ({ Instances }: DescribedGroup): { weight: `${number}` | undefined; isMixed: boolean } => {
  const weights = new Set(Instances.map(({ WeightedCapacity = '1' }) => WeightedCapacity));
  const [only = '1'] = weights;
  const isMixed = weights.size > 1 || !/^[1-9]\d*$/.test(only);
  return { weight: isMixed || only === '1' ? undefined : (only as `${number}`), isMixed };
};

/** The scaling policies of a group, and whether one of them had to be assumed. */
const policiesOf = (
  name: string,
  policies: Fleet['ScalingPolicies'],
): { policies: ScalingPolicy[]; isAssumed: boolean } => {
  const own = policies?.filter(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
  if (own?.length === 0) return { policies: [], isAssumed: false };
  const byCpu = (own ?? []).flatMap(({ PolicyName, TargetTrackingConfiguration: tracking }) =>
    tracking?.PredefinedMetricSpecification?.PredefinedMetricType === 'ASGAverageCPUUtilization'
      ? [cpuPolicy(PolicyName, Math.min(100, Math.max(1, tracking.TargetValue)), tracking.DisableScaleIn)]
      : [],
  );
  return byCpu.length > 0
    ? { policies: byCpu.slice(0, 1), isAssumed: false }
    : { policies: [cpuPolicy('assumed-cpu', assumed.cpuTarget)], isAssumed: true };
};

const hooksOf = (name: string, hooks: Fleet['LifecycleHooks'] = []): LifecycleHookSpec[] =>
  hooks
    .filter(({ AutoScalingGroupName }) => AutoScalingGroupName === name)
    .map(({ LifecycleHookName, LifecycleTransition, HeartbeatTimeout, DefaultResult }) => ({
      lifecycleHookName: LifecycleHookName,
      lifecycleTransition: LifecycleTransition,
      heartbeatTimeoutSeconds: HeartbeatTimeout,
      defaultResult: DefaultResult,
    }));

const targetOf = ([policy]: ScalingPolicy[]): number =>
  policy?.type === 'TargetTrackingScaling' ? policy.targetValue : assumed.cpuTarget;

/** What kind of rule an alarm of a story is for. */
const remediationsFor = ({ metric }: AlarmSpec): string[] =>
  metric.name === 'PacketLoss' ? ['pause-scaling'] : ['protect-instances', 'drain-pending-wait'];

/** An alarm of a story under a name that a rule of the policy names; what was changed, in words. */
const alarmFor = (alarm: AlarmSpec, policy: Policy, fleet: Fleet): { alarm: AlarmSpec; note?: string } => {
  // The metric of a tier is that of all groups here: tiers are the story's own.
  const everywhere =
    alarm.metric.name === 'PacketLoss' ? alarm : { ...alarm, metric: { ...alarm.metric, dimensions: {} } };
  const wanted = remediationsFor(alarm);
  const isWanted = ({ do: remediation }: { do: string }): boolean => wanted.includes(remediation);
  if (rulesForAlarm(policy, alarm.alarmName).some(isWanted)) return { alarm: everywhere };
  const rule = policy.rules.find((each) => isWanted(each) && each.when.alarm !== undefined);
  const [pattern] = rule?.when.alarm ?? [];
  if (rule === undefined || pattern === undefined) {
    return {
      alarm: everywhere,
      note: `No rule of this policy begins ${wanted.join(' or ')} with an alarm, so the alarm ${alarm.alarmName} of the story starts nothing.`,
    };
  }
  const own = (fleet.MetricAlarms ?? []).find(({ AlarmName }) =>
    rulesForAlarm(policy, AlarmName).includes(rule),
  );
  if (own === undefined && fleet.MetricAlarms !== undefined) {
    return {
      alarm: everywhere,
      note: `Rule ${rule.name} names ${pattern}, and the file has no alarm of such a name: nothing would begin it.`,
    };
  }
  const alarmName = own?.AlarmName ?? pattern.replaceAll('*', 'rehearsal');
  return {
    alarm: { ...everywhere, alarmName },
    note: `The alarm ${alarm.alarmName} of the story is called ${alarmName} here, as rule ${rule.name} names it${own === undefined ? '; whether you have an alarm of such a name the file does not say' : ''}.`,
  };
};

/** One group of a fleet as the rehearsal needs it. */
const toGroup = (described: DescribedGroup, fleet: Fleet): GroupSpec & { isAssumed: boolean } => {
  const name = described.AutoScalingGroupName;
  const { policies, isAssumed } = policiesOf(name, fleet.ScalingPolicies);
  const { weight } = weightOf(described);
  const desiredCapacity = described.DesiredCapacity;
  return {
    name,
    isAssumed,
    // What Holdfast itself put there belongs to what goes on now, not to the story.
    tags: Object.fromEntries(
      described.Tags.filter(({ Key }) => Key !== holdTagKey).map(({ Key, Value }) => [Key, Value]),
    ),
    minSize: Math.min(described.MinSize, desiredCapacity),
    maxSize: Math.max(described.MaxSize, desiredCapacity),
    desiredCapacity,
    availabilityZones: described.AvailabilityZones.length > 0 ? described.AvailabilityZones : ['us-east-1a'],
    instanceType: typeOf(described) ?? assumed.instanceType,
    healthCheckType: /ELB/.test(described.HealthCheckType) ? 'ELB' : 'EC2',
    healthCheckGracePeriodSeconds: described.HealthCheckGracePeriod,
    newInstancesProtected: described.NewInstancesProtectedFromScaleIn,
    bootSeconds: assumed.bootSeconds,
    deregistrationDelaySeconds: assumed.deregistrationDelaySeconds,
    requestsPerSecondAtFullCpu: assumed.requestsPerSecondAtFullCpu,
    policies,
    ...(weight === undefined ? {} : { weightedCapacity: weight }),
    lifecycleHooks: hooksOf(name, fleet.LifecycleHooks),
    suspendedProcesses: described.SuspendedProcesses.map(({ ProcessName }) => ProcessName),
  };
};

/**
 * Tells a story of a fleet of one's own: what happens to the world is the story's, the groups are those of the file.
 * What the story's people do, and what the story asks for, is about its own groups and is left out.
 *
 * @returns the story, with what was assumed among what it simplifies
 */
export const storyOfFleet = (story: Story, fleet: Fleet, policy: Policy): Story => {
  const groups = fleet.AutoScalingGroups.map((described) => toGroup(described, fleet));
  const names = groups.map(({ name }) => name);
  const first = story.groups[0];
  const loadAt = (seconds: number): number =>
    first === undefined ? 1 : story.load({ name: first.name } as SimulatedGroup, seconds);
  const loadAtFirst = Math.max(1, loadAt(0));
  // Every group asks at every moment; the answer is that of the moment.
  let known = { seconds: -1, share: 1 };
  const shareAt = (seconds: number): number => {
    if (known.seconds !== seconds) known = { seconds, share: loadAt(seconds) / loadAtFirst };
    return known.share;
  };
  const byName = new Map(groups.map((group) => [group.name, group]));
  const alarms = story.alarms.map((alarm) => alarmFor(alarm, policy, fleet));
  const ofAll = <Fault extends { groups: string[] }>(faults: Fault[] = []): Fault[] =>
    faults.map((fault) => ({ ...fault, groups: names }));
  const withoutPolicy = groups.filter(({ isAssumed }) => isAssumed).map(({ name }) => name);
  const unknownTypes = fleet.AutoScalingGroups.filter(
    (described) => described.Instances.length > 0 && typeOf(described) === undefined,
  ).map(({ AutoScalingGroupName }) => AutoScalingGroupName);
  const mixed = fleet.AutoScalingGroups.filter((described) => weightOf(described).isMixed);
  const held = fleet.AutoScalingGroups.filter(({ Tags }) => Tags.some(({ Key }) => Key === holdTagKey));
  const namesOf = (described: DescribedGroup[]): string =>
    firstOf(
      described.map(({ AutoScalingGroupName }) => AutoScalingGroupName),
      3,
    );
  const suspended = groups.filter(({ suspendedProcesses = [] }) => suspendedProcesses.length > 0);
  return {
    ...story,
    title: `${story.title}: a fleet of ${counted(groups.length, 'group')}`,
    groups: groups.map(({ isAssumed: _isAssumed, ...group }) => group),
    alarms: alarms.map(({ alarm }) => alarm),
    // As busy at the beginning as its policy wants it, and then as the first group of the story.
    load: ({ name }, seconds) => {
      const group = byName.get(name);
      if (group === undefined) return 0;
      const atFirst =
        (group.desiredCapacity * group.requestsPerSecondAtFullCpu * targetOf(group.policies)) / 100;
      return atFirst * 0.96 * shareAt(seconds);
    },
    launchFaults: ofAll(story.launchFaults),
    healthCheckFaults: ofAll(story.healthCheckFaults),
    startFaults: ofAll(story.startFaults),
    restartLoops: ofAll(story.restartLoops),
    deeds: [],
    mustBeHeld: [],
    mustSurvive: [],
    mayLackCapacity: names,
    stoppedByPeople: [],
    suspendedAtEnd: Object.fromEntries(
      suspended.map(({ name, suspendedProcesses = [] }) => [name, suspendedProcesses]),
    ),
    couldNotSave: [],
    // Large groups take longer to be given back than those of the story.
    durationSeconds: story.durationSeconds + giveBackSeconds,
    mayEndAfterSeconds: story.durationSeconds,
    simplified: [
      ...alarms.flatMap(({ note }) => note ?? []),
      'Whatever happens to groups of the story happens to every group of the fleet. What people of the story do is left out.',
      `Each group is as busy as its scaling policy wants it at first, and then as the first group of the story; launches take ${assumed.bootSeconds} s, and targets drain for ${assumed.deregistrationDelaySeconds} s.`,
      ...(withoutPolicy.length === 0
        ? []
        : [
            `${fleet.ScalingPolicies === undefined ? 'The file has no scaling policies' : 'Policies by anything but CPU are not known here'}: a target of ${assumed.cpuTarget} % CPU is assumed for ${firstOf(withoutPolicy, 3)}.`,
          ]),
      ...(fleet.LifecycleHooks === undefined ? ['The file has no lifecycle hooks: none are assumed.'] : []),
      ...(mixed.length === 0
        ? []
        : [`Instances of ${namesOf(mixed)} count differently towards its sizes; here each counts one.`]),
      ...(held.length === 0
        ? []
        : [
            `${namesOf(held)} ${held.length === 1 ? 'was' : 'were'} held by Holdfast when the file was made: what it had suspended then is taken for what people want.`,
          ]),
      ...(unknownTypes.length === 0
        ? []
        : [
            `The instance types of ${firstOf(unknownTypes, 3)} are not known here: ${assumed.instanceType} is assumed.`,
          ]),
    ],
  };
};
