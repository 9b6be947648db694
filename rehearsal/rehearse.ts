import { createConnect } from '../functions/aws/connect.ts';
import type { JournalEntry, PlannedCall } from '../functions/domain/incident.ts';
import type { Policy } from '../functions/events/policy.ts';
import { createHandler } from '../functions/middleware/define-function.ts';
import type { Runtime } from '../functions/runtime.ts';
import {
  type AutoScalingQuirks,
  type AutoScalingService,
  createAutoScalingService,
  type GroupEvent,
  reconcileSeconds,
  type ScalingPolicy,
  type SimulatedGroup,
} from './cloud/auto-scaling.ts';
import { createCloudWatchService } from './cloud/cloudwatch.ts';
import { createEventBus, type DeliveryQuirks } from './cloud/eventbridge.ts';
import { createLambdaService } from './cloud/lambda.ts';
import { createStepFunctionsService, type Execution, stateMachineArn } from './cloud/step-functions.ts';
import { createSystemsManagerService } from './cloud/systems-manager.ts';
import { createThrottle } from './cloud/throttle.ts';
import { createWire, type RecordedCall } from './cloud/wire.ts';
import { loadFunction, readDeployment } from './deployment.ts';
import type { Incident } from './incident.ts';
import { findViolations } from './invariants.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';
import { runInVirtualTime, seededRandom, type VirtualTime } from './virtual-time.ts';
import { createWorkload } from './workload.ts';

/** How a story is rehearsed. */
export interface RehearsalOptions {
  incident: Incident;
  seed: number;
  policy: Policy;
  /** Without it the story runs as it did in life. */
  withHoldfast: boolean;
  /** Runs the stage that only looks. */
  dryRun: boolean;
  /** What the seed would otherwise choose, where the facts are unsure. */
  quirks?: Partial<Quirks>;
  /** Told now and then how far the story is, from 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/** Everything the facts leave open. */
export type Quirks = AutoScalingQuirks & DeliveryQuirks;

/** What a person in a story, or a test, can reach while it runs. */
export interface Rehearsal {
  time: VirtualTime;
  autoScaling: AutoScalingService;
  cloudWatch: ReturnType<typeof createCloudWatchService>;
  stepFunctions: ReturnType<typeof createStepFunctionsService>;
  lambda: ReturnType<typeof createLambdaService>;
  /** SSM parameters; the kill switch is `killSwitchParameter`. */
  parameters: Map<string, string>;
  store: MemoryStore;
}

/** One line of the story as it happened. */
export interface TimelineEntry {
  seconds: number;
  source: 'world' | 'aws' | 'holdfast' | 'person';
  text: string;
  /** Lines of the same kind that follow each other closely are told as one. */
  mergeKey?: string;
  /** What moves from `from` to `to`. */
  movesOf?: string;
  from?: number;
  to?: number;
}

/** What became of one group. */
export interface GroupSummary {
  autoScalingGroupName: string;
  fewestInService: number;
  /** Minutes with less in service than the users needed. */
  minutesBelowNeeded: number;
  /** Instances ended while packets were lost and in the quarter of an hour after; none of them was ill of itself. */
  endedDuringLoss: number;
  inServiceAtEnd: number;
  stateEqualsBaseline: boolean;
}

/** The result of a run; `--json` prints it. */
export interface RehearsalResult {
  incident: string;
  seed: number;
  withHoldfast: boolean;
  dryRun: boolean;
  virtualSeconds: number;
  wallMilliseconds: number;
  executions: (Pick<Execution, 'machine' | 'name' | 'status' | 'transitions' | 'historyEvents'> & {
    error?: string;
  })[];
  calls: RecordedCall[];
  /** Calls that the plans listed, each once: an alarm that comes back is planned for again. */
  plan: PlannedCall[];
  inService: {
    autoScalingGroupName: string;
    points: { seconds: number; inService: number; needed: number }[];
  }[];
  summary: {
    groups: GroupSummary[];
    calls: number;
    mutatingCalls: number;
    throttledCalls: number;
    finalStateEqualsBaseline: boolean;
  };
  violations: string[];
  holdsLeft: string[];
  timeline: TimelineEntry[];
}

/** Name of the kill switch in every rehearsal. */
export const killSwitchParameter = '/holdfast/rehearsal/mode';

const chooseQuirks = (seed: number, chosen: Partial<Quirks>): Quirks => {
  const random = seededRandom(seed + 2);
  return {
    desiredFallsWhileTerminateIsSuspended: random() < 0.5,
    suspensionDelaySeconds: random() < 0.5 ? 0 : Math.round(20 * random()),
    duplicateRate: 0.1,
    lossRate: 0,
    ...chosen,
  };
};

/** Alarms that a scaling policy brings with it (as-scaling-target-tracking: 3 minutes high, 15 minutes low). */
const alarmsOfPolicy = (
  policy: ScalingPolicy,
): { direction: 'out' | 'in'; threshold: number; minutes: number }[] =>
  policy.type === 'TargetTrackingScaling'
    ? [
        { direction: 'out', threshold: policy.targetValue, minutes: 3 },
        { direction: 'in', threshold: policy.targetValue * 0.9, minutes: 15 },
      ]
    : [
        { direction: 'out', threshold: policy.above, minutes: 3 },
        { direction: 'in', threshold: policy.below, minutes: 10 },
      ];

const uniqueCalls = (calls: PlannedCall[]): PlannedCall[] => [
  ...new Map(calls.map((call) => [JSON.stringify([call.operation, call.input]), call])).values(),
];

/** Calls of one kind shown under a line; a storm of groups is told by number. */
const callsShown = 3;

const tellCalls = (calls: PlannedCall[]): string[] => [
  ...calls.slice(0, callsShown).map(({ operation, input }) => {
    const { AutoScalingGroupName, ...rest } = input;
    const values = Object.entries(rest).map(
      ([key, value]) => `${key} ${String(value).replaceAll(',', ', ')}`,
    );
    return `→ ${operation} ${AutoScalingGroupName}: ${values.join('; ')}`;
  }),
  ...(calls.length > callsShown ? [`→ and ${calls.length - callsShown} calls like these`] : []),
];

/** Like entries of one moment, told as one: "web-api, web-frontend: …". */
const journalTimeline = (entries: JournalEntry[], startedAt: number): TimelineEntry[] => {
  const lines: (TimelineEntry & { key: string; groups: string[]; message: string; calls: PlannedCall[] })[] =
    [];
  const secondsOf = (at: string): number => (Date.parse(at) - startedAt) / 1000;
  for (const { at, event, message, calls = [], autoScalingGroupName } of entries) {
    const text =
      autoScalingGroupName === undefined ? message : message.replace(`${autoScalingGroupName}: `, '');
    const key = `${event} ${event === 'planned' || event === 'held' ? '' : text}`;
    const last = lines.findLast((line) => line.key === key && secondsOf(at) - line.seconds < 120);
    if (last !== undefined && autoScalingGroupName !== undefined) {
      last.groups.push(autoScalingGroupName);
      last.calls.push(...calls);
      continue;
    }
    lines.push({
      seconds: secondsOf(at),
      source: 'holdfast',
      text: '',
      key,
      groups: autoScalingGroupName === undefined ? [] : [autoScalingGroupName],
      message: text,
      calls: [...calls],
    });
  }
  return lines.map(({ seconds, source, key, groups, message, calls }) => {
    const named = groups.length > 5 ? `${groups.length} groups` : groups.join(', ');
    if (key.startsWith('planned')) {
      const reasons = [...new Set(calls.flatMap(({ reason }) => reason.split('; ')))];
      return {
        seconds,
        source,
        text: [`planned for ${named}: suspend, because`, ...reasons.map((reason) => `  ${reason}`)].join(
          '\n',
        ),
      };
    }
    return {
      seconds,
      source,
      text: [`${named === '' ? '' : `${named}: `}${message}`, ...tellCalls(calls)].join('\n'),
    };
  });
};

/** Rehearses a story from a seed in virtual time, and judges it. */
export const rehearse = async (options: RehearsalOptions): Promise<RehearsalResult> => {
  const wallStartedAt = performance.now();
  const { incident, seed, policy } = options;
  const deployment = readDeployment('rehearsal');
  const definitions = await Promise.all(
    deployment.functions.map(async (deployed) => ({
      ...deployed,
      definition: await loadFunction(deployed.file),
    })),
  );
  const quirks = chooseQuirks(seed, options.quirks ?? {});

  const result = await runInVirtualTime(incident.startsAt, seed, async (time) => {
    const calls: RecordedCall[] = [];
    const timeline: TimelineEntry[] = [];
    const functionErrors: string[] = [];
    const startedAt = time.now();
    const tell = (source: TimelineEntry['source'], text: string, merge: Partial<TimelineEntry> = {}) =>
      timeline.push({ seconds: time.elapsedSeconds(), source, text, ...merge });

    const workload = createWorkload(time, incident);
    const onGroupEvent = ({ group, kind, text, from, to }: GroupEvent): void => {
      if (kind === 'desired' && from !== undefined && to !== undefined) {
        tell('aws', `${group}: desired capacity ${from} → ${to} (${text})`, {
          mergeKey: `${group} desired ${Math.sign(to - from)}`,
          movesOf: `${group} desired`,
          from,
          to,
        });
      }
      if (kind === 'terminated') {
        tell('aws', `${group}: 1 instance ended (${text})`, {
          mergeKey: `${group} ended ${text}`,
          from: 0,
          to: 1,
        });
      }
    };
    const autoScaling = createAutoScalingService(
      time,
      workload,
      quirks,
      createThrottle(time, incident.autoScalingCallsPerSecond, incident.autoScalingBurst),
      onGroupEvent,
    );
    for (const spec of incident.groups) autoScaling.createGroup(spec);

    const store = createMemoryStore();
    const parameters = new Map([[killSwitchParameter, 'live']]);
    const cloudWatch = createCloudWatchService(
      time,
      (event) => bus.emit(event),
      ({ alarmName, isHidden }, value, reason) => {
        if (isHidden !== true) tell('aws', `alarm ${alarmName} is ${value}: ${reason}`);
      },
    );
    const lambda = createLambdaService(
      time,
      definitions.map(({ name, timeoutSeconds, retryAttempts, definition }) => ({
        name,
        timeoutSeconds,
        retryAttempts,
        handler: createHandler(definition, () => runtime, { info: () => {}, warn: () => {} }),
      })),
      (name, error) => functionErrors.push(`${name}: ${error.name}: ${error.message}`),
    );
    const stepFunctions = createStepFunctionsService(time, deployment.stateMachines, lambda.invoke);
    const connect = createConnect(
      { region: 'us-east-1', credentials: { accessKeyId: 'rehearsal', secretAccessKey: 'rehearsal' } },
      createWire(
        time,
        {
          AutoScaling: autoScaling,
          CloudWatch: cloudWatch,
          StepFunctions: stepFunctions,
          SSM: createSystemsManagerService(parameters),
        },
        (call) => calls.push(call),
      ),
    );
    let owners = 0;
    const runtime: Runtime = {
      config: {
        stageMode: options.dryRun ? 'dry-run' : 'live',
        killSwitchParameter,
        tableName: 'rehearsal',
      },
      clock: { now: time.iso },
      connect,
      policy: () => policy,
      stateMachineArns: () => ({ 'pause-scaling': stateMachineArn('holdfast-rehearsal-pause-scaling') }),
      store,
      newOwner: () => {
        owners += 1;
        return `owner-${owners}`;
      },
    };
    const bus = createEventBus(
      time,
      options.withHoldfast
        ? deployment.functions.flatMap(({ name, eventPatterns }) =>
            eventPatterns.map((pattern) => ({
              pattern,
              invoke: (event: object) => lambda.invokeAsync(name, event),
            })),
          )
        : [],
      quirks,
    );
    const rehearsal: Rehearsal = { time, autoScaling, cloudWatch, stepFunctions, lambda, parameters, store };

    for (const alarm of incident.alarms) cloudWatch.putMetricAlarm(alarm);
    const cpuAlarm = (group: SimulatedGroup, scalingPolicy: ScalingPolicy) => {
      for (const { direction, threshold, minutes } of alarmsOfPolicy(scalingPolicy)) {
        cloudWatch.putMetricAlarm({
          alarmName: `TargetTracking-${group.name}-${scalingPolicy.name}-${direction}`,
          metric: {
            namespace: 'AWS/EC2',
            name: 'CPUUtilization',
            dimensions: { AutoScalingGroupName: group.name },
          },
          comparison: direction === 'out' ? 'GreaterThanThreshold' : 'LessThanThreshold',
          threshold,
          datapointsToAlarm: minutes,
          evaluationPeriods: minutes,
          isHidden: true,
          onAlarmMinute: (cpu) => {
            const present = autoScaling.groups.get(group.name);
            if (present !== undefined) autoScaling.actOnPolicy(present, scalingPolicy, direction, cpu);
          },
        });
      }
    };
    for (const group of autoScaling.groups.values()) {
      for (const scalingPolicy of group.policies) cpuAlarm(group, scalingPolicy);
    }

    for (const loss of incident.losses) {
      time.at(loss.fromSeconds, () => tell('world', `${loss.name}: it begins`));
      time.at(loss.untilSeconds, () =>
        tell('world', `${loss.name}: it ends; the demand held back comes on top`),
      );
    }
    for (const deed of incident.deeds ?? []) {
      time.at(deed.atSeconds, () => {
        tell('person', deed.text);
        deed.act(rehearsal);
      });
    }
    if (options.withHoldfast) {
      for (const { name, everySeconds } of deployment.functions) {
        for (const seconds of everySeconds) time.every(seconds, () => lambda.invokeAsync(name, {}));
      }
    }

    const samples: Record<string, { seconds: number; inService: number; needed: number }[]> = {};
    time.every(reconcileSeconds, autoScaling.reconcile);
    time.every(60, () => {
      options.onProgress?.(time.elapsedSeconds() / incident.durationSeconds);
      for (const group of autoScaling.groups.values()) {
        const points = samples[group.name] ?? [];
        samples[group.name] = points;
        points.push({
          seconds: time.elapsedSeconds(),
          inService: group.instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length,
          needed: workload.neededInService(group),
        });
      }
      const cpu = new Map<string, number | undefined>();
      for (const group of autoScaling.groups.values()) cpu.set(group.name, workload.cpuUtilization(group));
      const loss = workload.probePacketLoss();
      cloudWatch.evaluateMinute(({ name, dimensions }) =>
        name === 'CPUUtilization' ? cpu.get(dimensions.AutoScalingGroupName ?? '') : loss,
      );
    });

    await time.runUntil(incident.durationSeconds);

    const groups = [...autoScaling.groups.values()];
    const executions = [...stepFunctions.executions.values()];
    const holdsLeft = store.listGroups().map(({ autoScalingGroupName }) => autoScalingGroupName);
    const expectedSuspended = incident.suspendedAtEnd ?? {};
    const equalsBaseline = (group: SimulatedGroup): boolean => {
      const spec = incident.groups.find(({ name }) => name === group.name);
      return (
        [...group.suspended.keys()].sort().join() ===
          [...(expectedSuspended[group.name] ?? [])].sort().join() &&
        group.minSize === spec?.minSize &&
        group.maxSize === spec.maxSize &&
        group.instances.every(({ protectedFromScaleIn }) => !protectedFromScaleIn)
      );
    };
    const summarise = (group: SimulatedGroup): GroupSummary => {
      const points = samples[group.name] ?? [];
      return {
        autoScalingGroupName: group.name,
        fewestInService: Math.min(...points.map(({ inService }) => inService)),
        minutesBelowNeeded: points.filter(({ inService, needed }) => inService < needed).length,
        endedDuringLoss: group.terminations.filter(({ at }) =>
          incident.losses.some(
            ({ fromSeconds, untilSeconds }) =>
              at >= startedAt + fromSeconds * 1000 && at < startedAt + (untilSeconds + 900) * 1000,
          ),
        ).length,
        inServiceAtEnd: points.at(-1)?.inService ?? 0,
        stateEqualsBaseline: equalsBaseline(group),
      };
    };
    const journals = store.listJournals();
    return {
      incident: incident.name,
      seed,
      withHoldfast: options.withHoldfast,
      dryRun: options.dryRun,
      virtualSeconds: time.elapsedSeconds(),
      executions: executions.map(({ machine, name, status, transitions, historyEvents, error }) => ({
        machine,
        name,
        status,
        transitions,
        historyEvents,
        ...(error === undefined ? {} : { error }),
      })),
      calls,
      plan: uniqueCalls(
        journals.flatMap(({ entries }) =>
          entries.filter(({ event }) => event === 'planned').flatMap((entry) => entry.calls ?? []),
        ),
      ),
      inService: Object.entries(samples).map(([autoScalingGroupName, points]) => ({
        autoScalingGroupName,
        points,
      })),
      summary: {
        groups: groups.map(summarise),
        calls: calls.length,
        mutatingCalls: calls.filter(({ mutating }) => mutating).length,
        throttledCalls: calls.filter(({ outcome }) => outcome === 'Throttling').length,
        finalStateEqualsBaseline: groups.every(equalsBaseline),
      },
      violations: findViolations({
        isDryRun: options.dryRun,
        calls,
        executions,
        groups,
        expectedSuspended,
        holdsLeft,
        samples,
        functionErrors,
        startedAtMilliseconds: startedAt,
      }),
      holdsLeft,
      timeline: [...timeline, ...journals.flatMap(({ entries }) => journalTimeline(entries, startedAt))].sort(
        (a, b) => a.seconds - b.seconds,
      ),
    };
  });
  return { ...result, wallMilliseconds: Math.round(performance.now() - wallStartedAt) };
};
