import type { PlannedCall } from '../functions/domain/calls.ts';
import type { JournalEntry } from '../functions/domain/journal.ts';
import type { Evidence } from '../functions/domain/launches/evidence.ts';
import { rulesForAlarm } from '../functions/domain/signals/match-rules.ts';
import type { Metrics } from '../functions/domain/telling/metrics.ts';
import type { Policy } from '../functions/events/policy.ts';
import {
  capacityInService,
  type GroupEvent,
  inServiceCount,
  isPending,
  reconcileSeconds,
  type ScalingMetric,
  type ScalingPolicy,
  type SimulatedGroup,
} from './cloud/auto-scaling-group.ts';
import { CloudError } from './cloud/cloud-error.ts';
import { runningFunction } from './cloud/lambda.ts';
import {
  chooseQuirks,
  createSimulatedCloud,
  type Death,
  type Quirks,
  type SimulatedCloud,
} from './cloud/simulated-cloud.ts';
import type { PublishedMessage } from './cloud/sns.ts';
import type { Execution } from './cloud/step-functions.ts';
import type { RecordedCall } from './cloud/wire.ts';
import { type Cost, priceOf } from './cost.ts';
import { loadFunction, readDeployment } from './deployment.ts';
import { type ServiceOutage, type Story, tellOutage, tellShortage } from './incident.ts';
import { type Evidence as FinishedRun, findViolations } from './invariants.ts';
import { isDuringTrouble, type Sample, type Summary, summarise } from './summary.ts';
import { journalTimeline, type TimelineEntry } from './timeline.ts';
import { checkMessage, releasingSince } from './told.ts';
import { runInVirtualTime, seededRandom } from './virtual-time.ts';
import { createWorkload, type Workload } from './workload.ts';

/** How a story is rehearsed. */
export interface RehearsalOptions {
  incident: Story;
  seed: number;
  policy: Policy;
  /** Without it the story runs as it did in life. */
  withHoldfast: boolean;
  /** Runs the stage that only looks. */
  dryRun: boolean;
  /** What the seed would otherwise choose, where the facts are unsure. */
  quirks?: Partial<Quirks>;
  /** Ends the story early, once nothing more can happen that the caller asks about; looked at every minute. */
  endsWhen?: (cloud: SimulatedCloud) => boolean;
  /**
   * Whether the function dies at this call of AWS, or write to its table, before it is carried out or after: it is
   * never heard of again.
   */
  dies?: (death: Death) => boolean;
  /** Told of every state that an execution enters, as it enters it. */
  onState?: (cloud: SimulatedCloud, execution: Execution, state: string) => void;
  /** Whether the cost is counted, which takes a while. */
  countsCost?: boolean;
  /** Whether the stage is deployed with `launchTemplates=on`. */
  changesLaunchTemplates?: boolean;
  /** Whether the stage checks every hour whether it is ready. */
  checksReadiness?: boolean;
  /** Of groups whose launches fail at once so many get an execution of their own; without it as many as in AWS. */
  groupsFailingAlone?: number | undefined;
  /** Whether calls skip the SDK's serialisation, which is quicker. */
  skipsSerialization?: boolean;
  /** Judges the run in place of the promises of a story. */
  judge?: (run: FinishedRun) => string[];
  /** Told now and then how far the story is, from 0 to 1. */
  onProgress?: (fraction: number) => void;
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
    /** Its ARN. */
    incidentId: string;
    /** The rule that started it; absent where a person did, or Holdfast itself. */
    rule?: string;
  })[];
  /** Alarms that were in ALARM. */
  alarmsInAlarm: string[];
  calls: RecordedCall[];
  /** Calls that the plans listed, each once: an alarm that comes back is planned for again. */
  plan: PlannedCall[];
  inService: { autoScalingGroupName: string; points: Sample[] }[];
  summary: Summary;
  /** The largest event or result of a function. */
  largestPayloadBytes: number;
  /** Where it was asked for. */
  cost?: Cost;
  /** What people were told. */
  messages: PublishedMessage[];
  /** What was measured, in order. */
  metrics: Metrics[];
  violations: string[];
  holdsLeft: string[];
  /** Groups whose breaker is not closed. */
  breakersLeft: string[];
  /** What was kept of instances before they were ended. */
  evidence: Evidence[];
  /** What each execution wrote of itself. */
  journals: { incidentId: string; entries: JournalEntry[] }[];
  /** By function, the methods of the store that it used. */
  storeUses: Record<string, string[]>;
  timeline: TimelineEntry[];
}

/** Alarms that a scaling policy brings with it (as-scaling-target-tracking: 3 minutes high, 15 minutes low). */
const alarmsOfPolicy = (
  policy: ScalingPolicy,
): { direction: 'out' | 'in'; threshold: number; minutes: number }[] => {
  if (policy.type === 'TargetTrackingScaling') {
    return [
      { direction: 'out', threshold: policy.targetValue, minutes: 3 },
      ...(policy.neverScalesIn === true
        ? []
        : [{ direction: 'in' as const, threshold: policy.targetValue * 0.9, minutes: 15 }]),
    ];
  }
  const { above, below } = policy;
  return [
    { direction: 'out', threshold: above, minutes: 3 },
    ...(below === undefined ? [] : [{ direction: 'in' as const, threshold: below, minutes: 10 }]),
  ];
};

const uniqueCalls = (calls: PlannedCall[]): PlannedCall[] => [
  ...new Map(calls.map((call) => [JSON.stringify([call.operation, call.input]), call])).values(),
];

const tellGroupEvent = ({
  group,
  kind,
  text,
  from,
  to,
}: GroupEvent): Omit<TimelineEntry, 'seconds'> | undefined => {
  if (kind === 'desired' && from !== undefined && to !== undefined) {
    return {
      source: 'aws',
      text: `${group}: desired capacity ${from} → ${to} (${text})`,
      mergeKey: `${group} desired ${Math.sign(to - from)}`,
      movesOf: `${group} desired`,
      to,
    };
  }
  if (kind === 'launch-failed') {
    return {
      source: 'aws',
      text: `${group}: 1 launch failed (${text})`,
      mergeKey: `${group} launch failed ${text}`,
    };
  }
  if (kind === 'launch-hangs') {
    return {
      source: 'aws',
      text: `${group}: 1 launch goes wrong (${text})`,
      mergeKey: `${group} launch hangs ${text}`,
    };
  }
  if (kind === 'ended-by-ec2') {
    return { source: 'aws', text: `${group}: EC2 ends ${text} by itself` };
  }
  if (kind === 'lost-action') {
    return {
      source: 'aws',
      text: `${group}: the scheduled action ${text} is lost, ScheduledActions is suspended`,
    };
  }
  // A failed launch has told of its end already.
  if (kind === 'terminated' && !text.startsWith('abandoned')) {
    return {
      source: 'aws',
      text: `${group}: 1 instance ended (${text})`,
      mergeKey: `${group} ended ${text}`,
    };
  }
  return undefined;
};

const metricOf = (policy: ScalingPolicy): ScalingMetric =>
  (policy.type === 'StepScaling' ? policy.metric : undefined) ?? 'CPUUtilization';

/** Gives every group the alarms of its scaling policies, and every alarm its metric once a minute. */
const connectScalingPolicies = ({ autoScaling, cloudWatch }: SimulatedCloud): void => {
  const connect = (group: SimulatedGroup, policy: ScalingPolicy) => {
    for (const { direction, threshold, minutes } of alarmsOfPolicy(policy)) {
      cloudWatch.putMetricAlarm({
        alarmName: `TargetTracking-${group.name}-${policy.name}-${direction}`,
        metric: {
          namespace: 'AWS/EC2',
          name: metricOf(policy),
          dimensions: { AutoScalingGroupName: group.name },
        },
        comparison: direction === 'out' ? 'GreaterThanThreshold' : 'LessThanThreshold',
        threshold,
        datapointsToAlarm: minutes,
        evaluationPeriods: minutes,
        isHidden: true,
        onAlarmMinute: (value) => {
          const present = autoScaling.groups.get(group.name);
          if (present !== undefined) autoScaling.actOnPolicy(present, policy, direction, value);
        },
      });
    }
  };
  for (const group of autoScaling.groups.values()) {
    for (const policy of group.policies) connect(group, policy);
  }
};

/**
 * One minute: every group is sampled, every metric gets a datapoint, every alarm is evaluated.
 *
 * @param losses what the probe saw in the minutes before, the latest last
 * @param delayMinutes by how much that arrives late
 */
const passMinute = (
  cloud: SimulatedCloud,
  workload: Workload,
  samples: Map<string, Sample[]>,
  losses: (number | undefined)[],
  delayMinutes: number,
): void => {
  const { autoScaling, cloudWatch, time } = cloud;
  const cpu = new Map<string, number | undefined>();
  const busy = new Map<string, number | undefined>();
  for (const group of autoScaling.groups.values()) {
    const points = samples.get(group.name) ?? [];
    samples.set(group.name, points);
    points.push({
      seconds: time.elapsedSeconds(),
      inService: inServiceCount(group),
      capacity: capacityInService(group),
      needed: workload.neededInService(group),
    });
    cpu.set(group.name, workload.cpuUtilization(group));
    busy.set(group.name, workload.workersBusy(group));
  }
  losses.push(workload.probePacketLoss());
  const loss = losses[losses.length - 1 - delayMinutes];
  const pendingOfTier = (tier: string | undefined): number =>
    [...autoScaling.groups.values()]
      .filter(({ tags }) => tier === undefined || tags.tier === tier)
      .reduce((sum, { instances }) => sum + instances.filter(isPending).length, 0);
  cloudWatch.evaluateMinute(({ name, dimensions }) => {
    switch (name) {
      case 'CPUUtilization':
        return cpu.get(dimensions.AutoScalingGroupName ?? '');
      case 'WorkersBusy':
        return busy.get(dimensions.AutoScalingGroupName ?? '');
      case 'GroupPendingInstances':
        return pendingOfTier(dimensions.tier);
      default:
        return loss;
    }
  });
};

/** Whether the launch breaker of a group is closed. */
const isClosed = ({ breaker }: { breaker?: unknown }): boolean => breaker === undefined;

/** What was asked just before a service answers again may fail a little later. */
const outageTailSeconds = 300;

/** The rule that an input names. */
const ruleIn = (input: unknown): { rule?: string } => {
  const rule = typeof input === 'object' && input !== null ? Reflect.get(input, 'rule') : undefined;
  return typeof rule === 'string' ? { rule } : {};
};

/** Rehearses a story from a seed in virtual time, and judges it. */
export const rehearse = async (options: RehearsalOptions): Promise<RehearsalResult> => {
  const wallStartedAt = performance.now();
  const { incident, seed, policy, dryRun, withHoldfast } = options;
  const deployment = readDeployment('rehearsal');
  const functions = await Promise.all(
    deployment.functions.map(async (deployed) => ({
      ...deployed,
      definition: await loadFunction(deployed.file),
    })),
  );

  const result = await runInVirtualTime(incident.startsAt, seed, async (time) => {
    const calls: RecordedCall[] = [];
    const timeline: TimelineEntry[] = [];
    const functionErrors: string[] = [];
    const storeUses: Record<string, string[]> = {};
    const desiredLowered: string[] = [];
    const messages: PublishedMessage[] = [];
    const untrue: string[] = [];
    const alarmsInAlarm = new Set<string>();
    const metrics: Metrics[] = [];
    let alarmAtSeconds: number | undefined;
    const samples = new Map<string, Sample[]>();
    const startedAtMilliseconds = time.now();
    const tell = (entry: Omit<TimelineEntry, 'seconds'> | undefined): void => {
      if (entry !== undefined) timeline.push({ seconds: time.elapsedSeconds(), ...entry });
    };

    /** Whether a service did not answer at a moment, or right before. */
    const isSilent = (at: number, isMeant: (service: ServiceOutage['service']) => boolean): boolean => {
      const seconds = (at - startedAtMilliseconds) / 1000;
      return (incident.serviceOutages ?? []).some(
        ({ service, error, fromSeconds, untilSeconds }) =>
          isMeant(service) &&
          error === undefined &&
          seconds >= fromSeconds &&
          seconds < untilSeconds + outageTailSeconds,
      );
    };
    /** Until when groups, or what is remembered of them, could not be read. */
    const unseenUntil = (): number =>
      startedAtMilliseconds +
      Math.max(
        ...(incident.serviceOutages ?? [])
          .filter(({ service }) => service === 'AutoScaling' || service === 'DynamoDB')
          .filter(({ fromSeconds }) => fromSeconds <= time.elapsedSeconds())
          .map(({ untilSeconds }) => Math.min(untilSeconds, time.elapsedSeconds()) * 1000),
      );
    // Without its table Holdfast can record nothing: what it begins then fails, and says so.
    const isTableSilent = (at: number): boolean => isSilent(at, (service) => service === 'DynamoDB');
    const workload = createWorkload(time, incident);
    const losses: (number | undefined)[] = [];
    const quirks = chooseQuirks(seed, options.quirks ?? {});
    const cloud = createSimulatedCloud({
      time,
      world: workload,
      quirks,
      random: seededRandom(seed + 3),
      autoScalingCallsPerSecond: incident.autoScalingCallsPerSecond,
      autoScalingBurst: incident.autoScalingBurst,
      deployment,
      functions,
      policy,
      stageMode: dryRun ? 'dry-run' : 'live',
      changesLaunchTemplates: options.changesLaunchTemplates === true,
      checksReadiness: options.checksReadiness === true,
      withHoldfast,
      countsCost: options.countsCost === true,
      skipsSerialization: options.skipsSerialization === true,
      groupsFailingAlone: options.groupsFailingAlone,
      onGroupEvent: (event) => {
        tell(tellGroupEvent(event));
        if (event.kind === 'only-copy-ended') {
          const isKept = cloud.ec2.snapshots.some(({ instanceId }) => instanceId === event.text);
          const what = isKept ? 'its data are in a snapshot' : 'the only copy of its data is lost';
          tell({ source: 'world', text: `${event.group}: ${event.text} is gone; ${what}` });
        }
        const { group, kind, text, from = 0, to = 0 } = event;
        // A resize sets it to what is in service, with Terminate suspended: nobody is ended by that. And a person may.
        const functionName = runningFunction.getStore();
        const isOurs = functionName !== undefined && !['prepareGroup', 'exitStandby'].includes(functionName);
        if (kind === 'desired' && text === 'SetDesiredCapacity' && to < from && isOurs) {
          desiredLowered.push(`${group} from ${from} to ${to}`);
        }
      },
      onAlarm: ({ alarmName, isHidden }, value, reason) => {
        if (isHidden === true) return;
        if (value === 'ALARM') {
          alarmAtSeconds ??= time.elapsedSeconds();
          alarmsInAlarm.add(alarmName);
        }
        tell({ source: 'aws', text: `alarm ${alarmName} is ${value}: ${reason}` });
      },
      onMessage: (message) => {
        messages.push(message);
        // What is looked at here is not looked at by the function that sends it.
        runningFunction.exit(() => {
          const { groups } = cloud.autoScaling;
          const releasing = releasingSince(cloud.store.listJournals());
          const moment = {
            groups,
            records: cloud.store.listGroups(),
            resizes: cloud.store.listResizes(),
            calls,
            releasing,
            unseenUntil: unseenUntil(),
            at: time.iso(),
          };
          untrue.push(...checkMessage(message, moment));
        });
        tell({ source: 'holdfast', text: `people are told: ${message.text.split('\n')[0]}` });
      },
      onMetrics: (values) => metrics.push(values),
      onCall: (call) => calls.push(call),
      onFunctionError: (message) => {
        // What a silent service keeps a function from, it says by failing, so that somebody notices.
        if (!isSilent(time.now(), () => true)) functionErrors.push(message);
        const [, name = message, error = ''] = /^(\w+): (.+)/s.exec(message) ?? [];
        tell({
          source: 'holdfast',
          text: `the function ${name} failed: ${error}`,
          mergeKey: `${name} failed`,
        });
      },
      outageOf: (service) =>
        incident.serviceOutages?.find(
          (outage) =>
            outage.service === service &&
            time.elapsedSeconds() >= outage.fromSeconds &&
            time.elapsedSeconds() < outage.untilSeconds,
        ),
      dies: (death) => options.dies?.(death) === true,
      onState: (execution, state) => options.onState?.(cloud, execution, state),
      onStoreUse: (functionName, method) => {
        const methods = storeUses[functionName] ?? [];
        storeUses[functionName] = methods;
        if (!methods.includes(method)) methods.push(method);
      },
    });
    const { autoScaling, cloudWatch, stepFunctions, store } = cloud;

    for (const spec of incident.groups) autoScaling.createGroup(spec);
    for (const alarm of incident.alarms) cloudWatch.putMetricAlarm(alarm);
    connectScalingPolicies(cloud);
    for (const loss of incident.losses) {
      time.at(loss.fromSeconds, () => tell({ source: 'world', text: `${loss.name}: it begins` }));
      time.at(loss.untilSeconds, () =>
        tell({ source: 'world', text: `${loss.name}: it ends; the demand held back comes on top` }),
      );
    }
    for (const fault of [
      ...(incident.launchFaults ?? []),
      ...(incident.healthCheckFaults ?? []),
      ...(incident.startFaults ?? []),
      ...(incident.restartLoops ?? []),
    ]) {
      time.at(fault.fromSeconds, () => tell({ source: 'world', text: `${fault.name}: this begins` }));
      time.at(fault.untilSeconds, () => tell({ source: 'world', text: `${fault.name}: this is mended` }));
    }
    for (const outage of incident.serviceOutages ?? []) {
      time.at(outage.fromSeconds, () =>
        tell({ source: 'world', text: `${tellOutage(outage)}: this begins` }),
      );
      time.at(outage.untilSeconds, () => tell({ source: 'world', text: `${outage.service} answers again` }));
    }
    for (const shortage of incident.capacityShortages ?? []) {
      const text = tellShortage(shortage);
      time.at(shortage.fromSeconds, () => tell({ source: 'world', text: `${text}: this begins` }));
      time.at(shortage.untilSeconds, () => tell({ source: 'world', text: `${text}: this is over` }));
    }
    for (const { name, groups, allAtSeconds } of incident.restartLoops ?? []) {
      if (allAtSeconds === undefined) continue;
      time.at(allAtSeconds, () => {
        tell({ source: 'world', text: `${name}: all that runs restarts` });
        const named = [...autoScaling.groups.values()].filter((group) => groups.includes(group.name));
        for (const instance of named.flatMap(({ instances }) => instances)) cloud.ec2.restart(instance);
      });
    }
    for (const deed of incident.deeds ?? []) {
      if (withHoldfast ? deed.unlessHoldfast === true : deed.needsHoldfast === true) continue;
      time.at(deed.atSeconds, () => {
        try {
          deed.act(cloud);
          // What only watches, or breaks a part of the world, is no deed of anybody.
          if (deed.text !== '') tell({ source: 'person', text: deed.text });
        } catch (error) {
          if (!(error instanceof CloudError)) throw error;
          tell({ source: 'person', text: `${deed.text}: refused by AWS, ${error.code}: ${error.message}` });
        }
      });
    }
    time.every(reconcileSeconds, autoScaling.reconcile);
    time.every(60, () => {
      options.onProgress?.(time.elapsedSeconds() / incident.durationSeconds);
      passMinute(cloud, workload, samples, losses, quirks.metricDelayMinutes);
    });

    for (let seconds = 60; seconds <= incident.durationSeconds; seconds += 60) {
      await time.runUntil(seconds);
      if (options.endsWhen?.(cloud) === true) break;
      const isOver = seconds >= (incident.mayEndAfterSeconds ?? Number.POSITIVE_INFINITY);
      if (isOver && (await store.listOpenIncidents()).length === 0 && store.listLaunches().every(isClosed))
        break;
    }

    const groups = [...autoScaling.groups.values()];
    const isAlarmNamed = incident.alarms.some(({ alarmName }) => rulesForAlarm(policy, alarmName).length > 0);
    const executions = [...stepFunctions.executions.values()];
    const recordsLeft = [...store.listGroups(), ...store.listResizes()];
    const holdsLeft = [...new Set(recordsLeft.map(({ autoScalingGroupName }) => autoScalingGroupName))];
    const breakersLeft = store
      .listLaunches()
      .flatMap(({ autoScalingGroupName, breaker }) => (breaker === undefined ? [] : [autoScalingGroupName]));
    const journals = store.listJournals();
    const journal = journals.map(({ entries }) => entries);
    return {
      incident: incident.name,
      seed,
      withHoldfast,
      dryRun,
      virtualSeconds: time.elapsedSeconds(),
      alarmsInAlarm: [...alarmsInAlarm],
      executions: [...stepFunctions.executions].map(
        ([incidentId, { machine, name, status, transitions, historyEvents, error, input }]) => ({
          incidentId,
          ...ruleIn(input),
          machine,
          name,
          status,
          transitions,
          historyEvents,
          ...(error === undefined ? {} : { error }),
        }),
      ),
      calls,
      plan: uniqueCalls(
        journal.flat().flatMap((entry) => (entry.event === 'planned' ? (entry.calls ?? []) : [])),
      ),
      inService: [...samples].map(([autoScalingGroupName, points]) => ({
        autoScalingGroupName,
        points,
      })),
      messages,
      metrics,
      largestPayloadBytes: cloud.lambda.work.largestPayloadBytes,
      ...(options.countsCost === true
        ? {
            cost: priceOf({
              transitions: executions.reduce((sum, { transitions }) => sum + transitions, 0),
              invocations: cloud.lambda.work.invocations,
              billedSeconds: cloud.lambda.work.billedSeconds,
              writeUnits: store.writes.units,
              readUnits: store.writes.readUnits,
            }),
          }
        : {}),
      summary: summarise(incident, groups, samples, calls, cloud.ec2.snapshots),
      violations: [
        ...untrue,
        ...(options.judge ?? findViolations)({
          isDryRun: dryRun,
          calls,
          executions,
          groups,
          expectedHeld: withHoldfast ? (incident.mustBeHeld ?? []) : [],
          mustSurvive: withHoldfast && !dryRun ? (incident.mustSurvive ?? []) : [],
          isInTrouble: isDuringTrouble(incident),
          mayLackCapacity: incident.mayLackCapacity ?? [],
          stoppedByPeople: incident.stoppedByPeople ?? [],
          launchFaults: incident.launchFaults ?? [],
          breakersLeft,
          evidence: store.listEvidence(),
          alarmAtSeconds: isAlarmNamed ? alarmAtSeconds : undefined,
          desiredLowered,
          expectedSuspended: incident.suspendedAtEnd ?? {},
          holdsLeft,
          leftForAPerson: journal
            .flat()
            .flatMap(({ event, instanceId, autoScalingGroupName }) =>
              event === 'left' ? (instanceId ?? autoScalingGroupName ?? []) : [],
            ),
          reservationsLeft: cloud.ec2.reservations
            .filter(({ state }) => state === 'active')
            .map(({ capacityReservationId }) => capacityReservationId),
          samples,
          functionErrors,
          mayFail: ({ startedAt }) => isTableSilent(Date.parse(startedAt)),
          startedAtMilliseconds,
          endedAtMilliseconds: time.now(),
        }),
      ],
      holdsLeft,
      breakersLeft,
      evidence: store.listEvidence(),
      journals,
      storeUses,
      timeline: [
        ...timeline,
        ...journals.flatMap(({ incidentId, entries }) =>
          journalTimeline(entries, startedAtMilliseconds, incidentId),
        ),
      ].sort((a, b) => a.seconds - b.seconds),
    };
  });
  return { ...result, wallMilliseconds: Math.round(performance.now() - wallStartedAt) };
};
