import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { remediationNames } from '../functions/domain/remediation-names.ts';
import { describeIssues, type IssueSource } from '../functions/events/describe-issues.ts';
import { parseHoldInput } from '../functions/events/hold-input.ts';
import { parseYamlFile, type YamlFile } from '../functions/yaml-file.ts';
import { fieldsOfCall } from './call-fields.ts';
import { isBrokenNewcomer, type SimulatedGroup, type SimulatedInstance } from './cloud/auto-scaling-group.ts';
import { CloudError } from './cloud/cloud-error.ts';
import type { SimulatedCloud } from './cloud/simulated-cloud.ts';
import { stateMachineArn } from './cloud/step-functions.ts';
import type { Deed, PacketLoss, Story } from './incident.ts';

/** A story file is not valid; the message names the field, what was found and what is allowed. */
export class InvalidStoryError extends Error {
  override name = 'InvalidStoryError';
}

const weekSeconds = 604_800;
const secondsPer: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

const durationWords = 'a number and a unit, such as "90s", "10m", "2h" or "2h15m"';

/** `135m`, `2h15m` or `1d`, in seconds. */
const durationOf = (secondsMin: number) =>
  z
    .string(durationWords)
    .regex(/^(\d{1,6}[dhms])+$/, durationWords)
    .transform((written, context): number => {
      const parts = [...written.matchAll(/(\d+)([dhms])/g)];
      const seconds = parts.reduce(
        (sum, [, count, unit = '']) => sum + Number(count) * (secondsPer[unit] ?? 0),
        0,
      );
      if (seconds >= secondsMin && seconds <= weekSeconds) return seconds;
      context.addIssue({ code: 'custom', input: written, message: `from ${secondsMin}s to 7d` });
      return z.NEVER;
    });
/** A moment of the story, counted from its beginning, or from that of what it is about. */
const moment = () => durationOf(0);
const length = () => durationOf(1);
const text = () => z.string().trim().min(1);
const capacity = () => z.number().int().min(0).max(10_000);

/** A value that changes over time: from point to point in a straight line; two points at one moment are a step. */
const curve = (value: z.ZodType<number>) =>
  z
    .array(
      z.tuple([moment(), value]),
      'moments and values, such as [[0m, 100], [20m, 200]]; [[0m, 100]] for one that stays',
    )
    .min(1)
    .refine(
      (points) => points.every(([at], index) => at >= (points[index - 1]?.[0] ?? 0)),
      'moments in their order',
    )
    .describe('Moments and values, with straight lines between them. Two at one moment are a step.');
type Curve = [number, number][];

/** The value of a curve at a moment: of its first point before that, of its last one after that. */
const valueAt = (points: Curve, seconds: number): number => {
  const next = points.findIndex(([at]) => at > seconds);
  if (next === -1) return points.at(-1)?.[1] ?? 0;
  const [toAt, to] = points[next] ?? [0, 0];
  const [fromAt, from] = points[next - 1] ?? [toAt, to];
  return toAt === fromAt ? from : from + ((to - from) * (seconds - fromAt)) / (toAt - fromAt);
};

const policySchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('TargetTrackingScaling'),
    name: text(),
    targetValue: z.number().min(1).max(100).describe('Average CPU utilisation, in percent.'),
  }),
  z.strictObject({
    type: z.literal('StepScaling'),
    name: text(),
    metric: z
      .enum(['CPUUtilization', 'WorkersBusy'])
      .default('CPUUtilization')
      .describe(
        'What it acts on, in percent. A worker is busy as long as its request waits, and may need no CPU.',
      ),
    above: z.number(),
    add: capacity(),
    below: z.number().optional().describe('With remove; a policy that only adds has neither.'),
    remove: capacity().optional(),
  }),
]);

const hookSchema = z.strictObject({
  lifecycleHookName: text(),
  lifecycleTransition: z.enum(['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING']),
  heartbeatTimeout: length(),
  defaultResult: z.enum(['CONTINUE', 'ABANDON']),
});

const scheduledActionSchema = z.strictObject({
  scheduledActionName: text(),
  at: moment(),
  minSize: capacity().optional(),
  desiredCapacity: capacity(),
});

const groupSchema = z.strictObject({
  name: text().describe('As everything else names the group.'),
  tags: z
    .record(z.string(), z.string())
    .describe('holdfast: "true" is the opt-in; without it Holdfast leaves the group alone.'),
  minSize: capacity(),
  maxSize: capacity(),
  desiredCapacity: capacity(),
  availabilityZones: z.array(text()).min(1),
  instanceType: text().optional().describe('m7i.large where nothing is said.'),
  healthCheckType: z.enum(['EC2', 'ELB']).default('ELB'),
  healthCheckGracePeriod: moment()
    .prefault('5m')
    .describe('How long health checks of the load balancer wait.'),
  boot: length().prefault('4m').describe('From launch to in service, on a good day.'),
  deregistrationDelay: moment().prefault('60s').describe('How long a target drains.'),
  requestsPerSecondAtFullCpu: z
    .number()
    .positive()
    .default(100)
    .describe('What takes one instance to 100 % CPU.'),
  onlyCopyOfData: z
    .boolean()
    .default(false)
    .describe('Whether each instance that the story begins with has data that are nowhere else.'),
  load: curve(z.number().min(0)).describe('Requests a second to the group.'),
  policies: z.array(policySchema).default([]),
  lifecycleHooks: z.array(hookSchema).default([]),
  scheduledActions: z.array(scheduledActionSchema).default([]),
});

const alarmSchema = z.strictObject({
  alarmName: text(),
  metric: z.strictObject({
    namespace: text(),
    name: z
      .enum(['PacketLoss', 'GroupPendingInstances'])
      .describe(
        'What the probe of the network loses, in percent; or how many instances the groups of one tier wait for.',
      ),
    dimensions: z
      .record(z.string(), z.string())
      .describe(
        'For GroupPendingInstances, tier: groups with the tag tier of this value. For people otherwise.',
      ),
  }),
  comparison: z.enum(['GreaterThanThreshold', 'LessThanThreshold']),
  threshold: z.number(),
  datapointsToAlarm: z.number().int().min(1).max(60),
  evaluationPeriods: z.number().int().min(1).max(60),
  treatMissingData: z.enum(['missing', 'notBreaching', 'breaching', 'ignore']).optional(),
});

const span = { from: moment(), until: moment() };

const lossSchema = z.strictObject({
  name: text(),
  ...span,
  fraction: curve(z.number().min(0).max(1)).describe('Share of packets lost, by time since it began.'),
  probeIsSilent: z
    .strictObject(span)
    .optional()
    .describe('When the probe itself tells nothing, by time since it began.'),
});

const launchFaultSchema = z.strictObject({
  name: text(),
  groups: z.array(text()).min(1),
  ...span,
  outcome: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('stuck'),
      cause: text(),
      consoleOutput: z.string().default('').describe('What `GetConsoleOutput` shows of it.'),
    }),
    z.strictObject({ kind: z.literal('refused'), statusMessage: text() }),
    z.strictObject({ kind: z.literal('ended'), statusMessage: text() }),
  ]),
});

const healthCheckFaultSchema = z.strictObject({
  name: text(),
  groups: z.array(text()).min(1),
  ...span,
  fraction: z.number().min(0).max(1).describe('Share of the checks of a good instance that fail.'),
});

const startFaultSchema = z.strictObject({ name: text(), groups: z.array(text()).min(1), ...span });

const restartLoopSchema = z.strictObject({
  name: text(),
  groups: z.array(text()).min(1),
  ...span,
  allAt: moment().optional().describe('When all that runs restarts by itself, whether it was booted or not.'),
  every: length().prefault('5m').describe('From one restart to the next.'),
});

const shortageSchema = z.strictObject({
  instanceTypes: z.array(text()).min(1),
  availabilityZones: z.array(text()).optional(),
  ...span,
});

const outageSchema = z.strictObject({
  service: z.enum([
    'AutoScaling',
    'CloudFormation',
    'CloudWatch',
    'DynamoDB',
    'EC2',
    'ElasticLoadBalancing',
    'SNS',
    'SSM',
    'StepFunctions',
  ]),
  ...span,
  error: text().optional().describe('The code of its refusals. Without it there is no answer at all.'),
});

const deedSchema = z.strictObject({
  at: moment(),
  text: text().describe('What is done, as the timeline tells it.'),
  needsHoldfast: z.boolean().default(false).describe('Whether it is done only in the run with Holdfast.'),
  unlessHoldfast: z.boolean().default(false).describe('Whether it is done only in the run without Holdfast.'),
  start: z
    .strictObject({
      remediation: z.enum(remediationNames),
      name: text().default('by-hand'),
      input: z.record(z.string(), z.unknown()).describe('As in the Step Functions console.'),
    })
    .optional()
    .describe('Starts a remediation by hand. Only in the run with Holdfast.'),
  stop: text().optional().describe('Stops the execution of this name. Only in the run with Holdfast.'),
  call: z
    .strictObject({
      service: z.enum(['AutoScaling', 'EC2']),
      operation: text(),
      input: z.record(z.string(), z.unknown()),
    })
    .optional()
    .describe('A call of AWS, as a person or a tool makes it.'),
  deliver: z
    .strictObject({
      alarmName: text(),
      changedAt: moment(),
      times: z.number().int().min(1).max(100).default(1),
    })
    .optional()
    .describe('Events of an alarm that changed into ALARM earlier come now, late and as often as said.'),
});

/** What is wrong with a call, by field: an operation that there is not, a field it does not have, one that it needs. */
const mistakesOfCall = ({
  service,
  operation,
  input,
}: {
  service: 'AutoScaling' | 'EC2';
  operation: string;
  input: Record<string, unknown>;
}): [field: string[], message: string][] => {
  const fields = fieldsOfCall(service, operation);
  if (fields === undefined)
    return [
      [
        ['operation'],
        `an operation of ${service}, such as ${service === 'EC2' ? 'StopInstances' : 'SetDesiredCapacity'}`,
      ],
    ];
  // Of EC2 it only says whose instances.
  const known = service === 'EC2' ? ['AutoScalingGroupName', ...fields.known] : fields.known;
  return [
    ...Object.keys(input)
      .filter((field) => !known.includes(field))
      .map((field): [string[], string] => [['input', field], `one of ${known.join(', ')}`]),
    ...fields.required
      .filter((field) => !(field in input))
      .map((field): [string[], string] => [['input'], `with ${field}`]),
  ];
};

/** What begins and ends. */
const spansOf = [
  'losses',
  'launchFaults',
  'healthCheckFaults',
  'startFaults',
  'restartLoops',
  'capacityShortages',
  'serviceOutages',
] as const;

const storySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a lower-case name of at most 40 letters, digits and hyphens'),
    title: text(),
    story: text().describe('What happened, in a few sentences.'),
    source: z.array(text()).default([]).describe('Where that is told.'),
    simplified: z.array(text()).default([]).describe('Where the rehearsal does otherwise than it was.'),
    couldNotSave: z.array(text()).default([]).describe('What neither Holdfast nor anybody could have saved.'),
    remedies: z
      .array(z.enum(remediationNames))
      .optional()
      .describe(
        'The remediations of which one is against the trouble: a rehearsal in which none of them begins ends with exit code 1. Where nothing is said: pause-scaling against lost packets, any other against launches that fail.',
      ),
    startsAt: z.iso.datetime('an ISO 8601 time in UTC, such as 2021-01-04T14:00:00Z'),
    lasts: length(),
    fleet: z.array(groupSchema).min(1),
    alarms: z.array(alarmSchema).default([]),
    losses: z
      .array(lossSchema)
      .default([])
      .describe('Packet loss on the way of the groups to what they need.'),
    launchFaults: z.array(launchFaultSchema).default([]),
    healthCheckFaults: z
      .array(healthCheckFaultSchema)
      .default([])
      .describe('When load balancers misjudge what works.'),
    startFaults: z
      .array(startFaultSchema)
      .default([])
      .describe('When what is stopped and started again runs, and serves nobody.'),
    restartLoops: z
      .array(restartLoopSchema)
      .default([])
      .describe('When what boots restarts again and again, and answers in between.'),
    capacityShortages: z.array(shortageSchema).default([]),
    serviceOutages: z.array(outageSchema).default([]),
    deeds: z.array(deedSchema).default([]).describe('What people and tools do meanwhile.'),
    must: z
      .strictObject({
        beHeld: z
          .array(text())
          .default([])
          .describe('Groups that Holdfast holds soon after the first alarm.'),
        survive: z
          .array(text())
          .default([])
          .describe('Groups that lose no good instance with Holdfast, and have what they desire in the end.'),
        mayLackCapacity: z
          .array(text())
          .default([])
          .describe(
            'Groups from which others take what serves, so that they may lack it although they are held.',
          ),
        beSuspended: z
          .record(z.string(), z.array(text()))
          .default({})
          .describe('Processes that are suspended in the end, by group.'),
      })
      .prefault({})
      .describe('What has to be so with Holdfast. A run in which it is not fails.'),
    autoScalingCallsPerSecond: z.number().positive().default(10),
    autoScalingBurst: z.number().positive().default(20),
  })
  .superRefine((story, context) => {
    const names = story.fleet.map(({ name }) => name);
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const mustBeKnown = (path: (string | number)[], groups: Iterable<[string | number, string]>): void => {
      for (const [position, name] of groups) {
        if (!names.includes(name)) {
          refuse([...path, position], `the name of a group of the fleet: ${names.join(', ')}`);
        }
      }
    };
    for (const field of ['launchFaults', 'healthCheckFaults', 'startFaults', 'restartLoops'] as const) {
      for (const [index, { groups }] of story[field].entries()) {
        mustBeKnown([field, index, 'groups'], groups.entries());
      }
    }
    for (const field of ['beHeld', 'survive', 'mayLackCapacity'] as const) {
      mustBeKnown(['must', field], story.must[field].entries());
    }
    const suspended = Object.keys(story.must.beSuspended);
    mustBeKnown(
      ['must', 'beSuspended'],
      suspended.map((name) => [name, name]),
    );
    for (const [index, { name, minSize, maxSize, desiredCapacity }] of story.fleet.entries()) {
      if (names.indexOf(name) !== index) refuse(['fleet', index, 'name'], 'a name that no other group has');
      if (desiredCapacity < minSize || desiredCapacity > maxSize) {
        refuse(['fleet', index, 'desiredCapacity'], `from minSize to maxSize, ${minSize} to ${maxSize}`);
      }
    }
    for (const field of spansOf) {
      for (const [index, { from, until }] of story[field].entries()) {
        if (until <= from) refuse([field, index, 'until'], 'a moment after from');
        if (from > story.lasts) refuse([field, index, 'from'], 'a moment within the story');
      }
    }
    const tiers = new Set(story.fleet.map(({ tags }) => tags.tier));
    for (const [index, { metric }] of story.alarms.entries()) {
      if (metric.name === 'GroupPendingInstances' && !tiers.has(metric.dimensions.tier ?? '')) {
        const path = ['alarms', index, 'metric', 'dimensions'];
        refuse(path, `tier, with the value of a tag of the fleet: ${[...tiers].join(', ')}`);
      }
    }
    const alarmNames = story.alarms.map(({ alarmName }) => alarmName);
    for (const [index, { at, start, stop, call, deliver }] of story.deeds.entries()) {
      if ([start, stop, call, deliver].filter((each) => each !== undefined).length > 1) {
        refuse(['deeds', index], 'one of start, stop, call and deliver at most; with none it is only told');
      }
      if (deliver !== undefined && !alarmNames.includes(deliver.alarmName)) {
        refuse(['deeds', index, 'deliver', 'alarmName'], `an alarm of the story: ${alarmNames.join(', ')}`);
      }
      if (deliver !== undefined && deliver.changedAt > at) {
        refuse(['deeds', index, 'deliver', 'changedAt'], 'a moment before the deed');
      }
      if (call !== undefined) {
        for (const [field, message] of mistakesOfCall(call))
          refuse(['deeds', index, 'call', ...field], message);
      }
      if (start !== undefined) {
        try {
          parseHoldInput(start.remediation, start.input);
        } catch (error) {
          // Its second line is the first mistake, by field.
          const [, mistake = ''] = (error as Error).message.split('\n');
          refuse(['deeds', index, 'start', 'input'], mistake);
        }
      }
      const sameName = story.deeds.findIndex(
        (each) => start !== undefined && each.start?.name === start.name,
      );
      if (start !== undefined && sameName !== index) {
        refuse(
          ['deeds', index, 'start', 'name'],
          'a name that no deed before it starts, because a name counts once',
        );
      }
      if (at > story.lasts) refuse(['deeds', index, 'at'], 'a moment within the story');
    }
  });

type StoryFile = z.output<typeof storySchema>;

const toLoss = ({ name, from, until, fraction, probeIsSilent }: StoryFile['losses'][number]): PacketLoss => ({
  name,
  fromSeconds: from,
  untilSeconds: until,
  fraction: (secondsIn) => valueAt(fraction, secondsIn),
  ...(probeIsSilent === undefined
    ? {}
    : {
        probeIsSilent: (secondsIn: number) =>
          secondsIn >= probeIsSilent.from && secondsIn < probeIsSilent.until,
      }),
});

type Call = NonNullable<StoryFile['deeds'][number]['call']>;

/**
 * How instances can be named whose ids nobody knows before, the oldest first: `inService`, `inService 2` for two of them,
 * `inService 2-2` for the second alone.
 */
const namedInstances = (instances: SimulatedInstance[], named: unknown): string[] => {
  const [, name = '', first, last] = /^([a-zA-Z]+)(?: (\d+)(?:-(\d+))?)?$/.exec(String(named)) ?? [];
  const isMeant = Object.hasOwn(instancesBy, name) ? instancesBy[name] : undefined;
  if (isMeant === undefined) return [named as string | string[]].flat();
  const ids = instances.filter(isMeant).map(({ instanceId }) => instanceId);
  if (first === undefined) return ids;
  return last === undefined ? ids.slice(0, Number(first)) : ids.slice(Number(first) - 1, Number(last));
};

const instancesBy: Record<string, (instance: SimulatedInstance) => boolean> = {
  oldest: () => true,
  inService: ({ lifecycleState }) => lifecycleState === 'InService',
  stopped: ({ ec2 }) => ec2.state === 'stopped',
  broken: isBrokenNewcomer,
};

/**
 * Makes a call as a person does.
 * @throws CloudError when AWS refuses it, which is part of the story
 * @throws InvalidStoryError when it cannot be made at all
 */
const makeCall = (cloud: SimulatedCloud, { service, operation, input }: Call, told: string): void => {
  // EC2 knows no groups: there the name only says whose instances.
  const { AutoScalingGroupName, ...ofEc2 } = input;
  const known = service === 'EC2' ? ofEc2 : input;
  const instances = cloud.autoScaling.groups.get(String(AutoScalingGroupName))?.instances ?? [];
  const resolved = {
    ...known,
    ...('InstanceIds' in input ? { InstanceIds: namedInstances(instances, input.InstanceIds) } : {}),
    ...('InstanceId' in input
      ? { InstanceId: namedInstances(instances, input.InstanceId)[0] ?? 'none' }
      : {}),
  };
  try {
    (service === 'EC2' ? cloud.ec2 : cloud.autoScaling).handle(operation, resolved);
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw new InvalidStoryError(
      `The deed "${told}" cannot be told: ${operation} with ${JSON.stringify(input)}: ${(error as Error).message}`,
    );
  }
};

const toDeed = ({
  at,
  text: told,
  needsHoldfast,
  unlessHoldfast,
  start,
  stop,
  call,
  deliver,
}: StoryFile['deeds'][number]): Deed => ({
  atSeconds: at,
  text: told,
  unlessHoldfast,
  needsHoldfast: needsHoldfast || start !== undefined || stop !== undefined,
  act: (cloud) => {
    if (start !== undefined) {
      const machine = stateMachineArn(`holdfast-rehearsal-${start.remediation}`);
      cloud.stepFunctions.startExecution(machine, start.name, start.input);
    }
    if (stop !== undefined) {
      const named = [...cloud.stepFunctions.executions].find(([, { name }]) => name === stop);
      if (named !== undefined) cloud.stepFunctions.stopExecution(named[0]);
    }
    if (call !== undefined) makeCall(cloud, call, told);
    const ago = (at - (deliver?.changedAt ?? at)) * 1000;
    for (let n = 0; n < (deliver?.times ?? 0); n += 1) {
      cloud.cloudWatch.deliverLate(deliver?.alarmName ?? '', cloud.time.now() - ago);
    }
  },
});

const spanOf = ({ from, until }: { from: number; until: number }) => ({
  fromSeconds: from,
  untilSeconds: until,
});

/** Text in lines that fit a terminal. */
const toLines = (paragraphs: string, width = 110): string[] => {
  const lines: string[] = [];
  for (const word of paragraphs.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
};

const toStory = (file: StoryFile): Story => {
  const loads = new Map(file.fleet.map(({ name, load }) => [name, load as Curve]));
  return {
    name: file.name,
    title: file.title,
    story: toLines(file.story.trim()),
    source: file.source,
    simplified: file.simplified,
    couldNotSave: file.couldNotSave,
    ...(file.remedies === undefined ? {} : { remedies: file.remedies }),
    startsAt: file.startsAt,
    durationSeconds: file.lasts,
    groups: file.fleet.map(
      ({
        load: _load,
        healthCheckGracePeriod,
        boot,
        deregistrationDelay,
        lifecycleHooks,
        scheduledActions,
        instanceType,
        onlyCopyOfData,
        ...group
      }) => ({
        ...group,
        ...(onlyCopyOfData ? { hasOnlyCopies: true } : {}),
        ...(instanceType === undefined ? {} : { instanceType }),
        healthCheckGracePeriodSeconds: healthCheckGracePeriod,
        bootSeconds: boot,
        deregistrationDelaySeconds: deregistrationDelay,
        lifecycleHooks: lifecycleHooks.map(({ heartbeatTimeout, ...hook }) => ({
          ...hook,
          heartbeatTimeoutSeconds: heartbeatTimeout,
        })),
        scheduledActions: scheduledActions.map(({ at, minSize, ...action }) => ({
          ...action,
          atSeconds: at,
          ...(minSize === undefined ? {} : { minSize }),
        })),
      }),
    ),
    alarms: file.alarms.map(({ treatMissingData, ...alarm }) => ({
      ...alarm,
      ...(treatMissingData === undefined ? {} : { treatMissingData }),
    })),
    load: ({ name }: SimulatedGroup, seconds) => valueAt(loads.get(name) ?? [], seconds),
    losses: file.losses.map(toLoss),
    launchFaults: file.launchFaults.map(({ from, until, ...fault }) => ({
      ...fault,
      ...spanOf({ from, until }),
    })),
    healthCheckFaults: file.healthCheckFaults.map(({ from, until, ...fault }) => ({
      ...fault,
      ...spanOf({ from, until }),
    })),
    startFaults: file.startFaults.map(({ from, until, ...fault }) => ({
      ...fault,
      ...spanOf({ from, until }),
    })),
    restartLoops: file.restartLoops.map(({ from, until, allAt, every, ...loop }) => ({
      ...loop,
      everySeconds: every,
      ...(allAt === undefined ? {} : { allAtSeconds: allAt }),
      ...spanOf({ from, until }),
    })),
    capacityShortages: file.capacityShortages.map(({ from, until, availabilityZones, instanceTypes }) => ({
      instanceTypes,
      ...(availabilityZones === undefined ? {} : { availabilityZones }),
      ...spanOf({ from, until }),
    })),
    serviceOutages: file.serviceOutages.map(({ from, until, error, service }) => ({
      service,
      ...(error === undefined ? {} : { error }),
      ...spanOf({ from, until }),
    })),
    deeds: file.deeds.map(toDeed),
    suspendedAtEnd: file.must.beSuspended,
    mustBeHeld: file.must.beHeld,
    mustSurvive: file.must.survive,
    mayLackCapacity: file.must.mayLackCapacity,
    stoppedByPeople: file.deeds.flatMap(({ stop }) => stop ?? []),
    autoScalingCallsPerSecond: file.autoScalingCallsPerSecond,
    autoScalingBurst: file.autoScalingBurst,
  };
};

/** A group by its name, for people who look for it in the file. */
const fieldName =
  (raw: unknown) =>
  ([first, index, ...rest]: readonly PropertyKey[]): string => {
    const whole = [first, index, ...rest]
      .filter((each) => each !== undefined)
      .map(String)
      .join('.');
    if (first !== 'fleet' || typeof index !== 'number') return whole || 'the file itself';
    const fleet: unknown = (raw as { fleet?: unknown }).fleet;
    const name: unknown = Array.isArray(fleet)
      ? (fleet[index] as { name?: unknown } | null)?.name
      : undefined;
    const label = typeof name === 'string' ? `group "${name}"` : `group number ${index + 1}`;
    return rest.length === 0 ? label : `${label}, field ${rest.map(String).join('.')}`;
  };

/**
 * Parses a story that was read from YAML or JSON.
 *
 * @param raw the value as read
 * @param source where it came from, for the message
 * @param file where its fields stand in it, and how they are written there
 * @throws InvalidStoryError naming field, what was found and what is allowed, one line per mistake
 */
export const parseStory = (
  raw: unknown,
  source: string,
  file?: Pick<IssueSource, 'positionOf' | 'textOf'>,
): Story => {
  const parsed = storySchema.safeParse(raw);
  if (parsed.success) return toStory(parsed.data);
  throw new InvalidStoryError(
    `${source} is not a valid story:\n${describeIssues(storySchema, parsed.error, raw, { fieldName: fieldName(raw), language: 'YAML', ...file })}`,
  );
};

/**
 * Reads a story file.
 * @throws InvalidStoryError when it cannot be read, is not YAML or not a story
 */
export const loadStory = (file: string | URL): Story => {
  const source = file instanceof URL ? file.pathname.split('/').slice(-3).join('/') : file;
  let read: YamlFile;
  try {
    read = parseYamlFile(readFileSync(file, 'utf8'), source);
  } catch (cause) {
    throw new InvalidStoryError(`${source} cannot be read as a story: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseStory(read.value, source, read);
};

/** The JSON Schema of a story file, for editors. Committed as `rehearsal/stories/story.schema.json`. */
export const storyJsonSchema = (): object =>
  z.toJSONSchema(storySchema, { io: 'input', unrepresentable: 'any' });
