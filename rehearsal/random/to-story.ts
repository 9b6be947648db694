import type { Imposed } from '../../functions/domain/holds/group-record.ts';
import { holdTagKey } from '../../functions/domain/holds/hold-tag.ts';
import type { Policy } from '../../functions/events/policy.ts';
import type { SimulatedGroup } from '../cloud/auto-scaling-group.ts';
import type { AlarmSpec } from '../cloud/cloudwatch.ts';
import { manageTerminationProtection } from '../cloud/ecs.ts';
import { type Death, killSwitchParameter, type SimulatedCloud } from '../cloud/simulated-cloud.ts';
import { stateMachineArn } from '../cloud/step-functions.ts';
import type { Deed, Story } from '../incident.ts';
import { type DeployedMeanwhile, ofKind, type Part, type PartOf, type RandomIncident } from './parts.ts';
import type { People } from './people.ts';
import { otherPolicy, randomAlarms, randomPolicy } from './policy.ts';
import { busySeconds } from './random-incident.ts';

const until = ({ from, lasts }: { from: number; lasts: number }): number => from + lasts;
const period = (part: { from: number; lasts: number }) => ({
  fromSeconds: part.from,
  untilSeconds: until(part),
});

const suspend = (
  { time }: SimulatedCloud,
  people: People,
  group: SimulatedGroup,
  process: string,
  wasSuspended: boolean,
): void => {
  const theirs = people.of(group);
  theirs.suspendedAt.set(process, time.now());
  if (wasSuspended) theirs.unclear.add(process);
  else theirs.suspended.add(process);
};

/** What Holdfast has written down of suspending a process of a group. */
const writtenOf = ({ store }: SimulatedCloud, group: SimulatedGroup, process: string): Imposed[] =>
  store
    .listGroups()
    .filter(({ autoScalingGroupName }) => autoScalingGroupName === group.name)
    .flatMap(({ imposed }) => imposed.filter(({ setting }) => setting === process));

/** Whether Holdfast has asked for a suspension and not written down that AWS accepted it: it does not know that it is so. */
const isUnwritten = (cloud: SimulatedCloud, group: SimulatedGroup, process: string): boolean =>
  writtenOf(cloud, group, process).some(({ appliedAt }) => appliedAt === undefined);

/** Whether Holdfast asked for a suspension, and does not know that AWS refused it: it may be in force unseen. */
const mayBeOurs = (cloud: SimulatedCloud, group: SimulatedGroup, process: string): boolean =>
  writtenOf(cloud, group, process).some(({ refusedAt }) => refusedAt === undefined);

const resume = (cloud: SimulatedCloud, people: People, group: SimulatedGroup, process: string): void => {
  const theirs = people.of(group);
  theirs.suspended.delete(process);
  theirs.unclear.delete(process);
  // Who resumes what Holdfast does not know to be suspended cannot be told from nobody: it asks for it again.
  if (isUnwritten(cloud, group, process)) theirs.resumedAt.delete(process);
  else theirs.resumedAt.set(process, cloud.time.now());
};

/** What a person, or a tool, does to one group. */
const toGroup: {
  [Kind in Extract<Part, { group: string }>['kind']]?: (
    cloud: SimulatedCloud,
    group: SimulatedGroup,
    part: PartOf<Kind>,
    people: People,
  ) => void;
} = {
  suspend: (cloud, group, { processes }, people) => {
    const before = processes.filter(
      (process) => group.suspended.has(process) || mayBeOurs(cloud, group, process),
    );
    cloud.autoScaling.handle('SuspendProcesses', {
      AutoScalingGroupName: group.name,
      ScalingProcesses: processes,
    });
    // What AWS refused nobody has suspended.
    for (const process of processes) suspend(cloud, people, group, process, before.includes(process));
  },
  resume: (cloud, group, { processes }, people) => {
    // What ran already nobody resumes; what people suspended just now takes a while to show.
    const theirs = people.of(group);
    const resumed = processes.filter(
      (process) => group.suspended.has(process) || theirs.suspended.has(process),
    );
    cloud.autoScaling.handle('ResumeProcesses', {
      AutoScalingGroupName: group.name,
      ScalingProcesses: processes,
    });
    for (const process of resumed) resume(cloud, people, group, process);
  },
  protect: ({ autoScaling }, group, _part, people) => {
    for (const { instanceId, lifecycleState, protectedFromScaleIn } of group.instances) {
      if (lifecycleState !== 'InService') continue;
      autoScaling.handle('SetInstanceProtection', {
        AutoScalingGroupName: group.name,
        InstanceIds: [instanceId],
        ProtectedFromScaleIn: true,
      });
      const theirs = people.of(group);
      (protectedFromScaleIn ? theirs.unclearProtection : theirs.protected).add(instanceId);
    }
  },
  unprotect: ({ autoScaling }, group, _part, people) => {
    for (const { instanceId, lifecycleState } of group.instances) {
      if (lifecycleState !== 'InService') continue;
      autoScaling.handle('SetInstanceProtection', {
        AutoScalingGroupName: group.name,
        InstanceIds: [instanceId],
        ProtectedFromScaleIn: false,
      });
      people.of(group).protected.delete(instanceId);
      people.of(group).unclearProtection.delete(instanceId);
    }
  },
  'terminate an instance': ({ autoScaling }, group) => {
    const [instance] = group.instances.filter(({ lifecycleState }) => lifecycleState === 'InService');
    if (instance !== undefined) autoScaling.loseInstance(group, instance);
  },
  'set desired capacity': ({ autoScaling }, group, { to }) => {
    autoScaling.handle('SetDesiredCapacity', {
      AutoScalingGroupName: group.name,
      DesiredCapacity: Math.min(group.maxSize, Math.max(group.minSize, to)),
    });
  },
  delete: ({ autoScaling }, group) => autoScaling.deleteGroup(group.name),
  'stack update': ({ cloudFormation }, group) => {
    const stack = group.tags['aws:cloudformation:stack-name'];
    if (stack === undefined) return;
    cloudFormation.updateStack(stack, group, {
      maxBatchSize: 1,
      minInstancesInService: 0,
      pauseSeconds: 600,
    });
  },
  'instance refresh': ({ autoScaling }, group) => autoScaling.startInstanceRefresh(group),
  ecs: ({ time }, group, _part, people) => {
    group.tags.AmazonECSManaged = '';
    people.of(group).isManagedByEcs = true;
    manageTerminationProtection(
      time,
      group,
      (instanceId) => Number.parseInt(instanceId.at(-1) ?? '', 16) % 2 === 0,
    );
  },
};

/**
 * What `terraform apply` does with a group that it declares: what is suspended and not declared is resumed, and the
 * other way round, sizes go back, and a tag that it does not know goes.
 * Source: the resource aws_autoscaling_group of the provider hashicorp/aws, as docs/operations.md tells it.
 */
const applyTerraform = (
  cloud: SimulatedCloud,
  group: SimulatedGroup,
  declared: RandomIncident['groups'][number],
  people: People,
): void => {
  const { autoScaling } = cloud;
  const { name: AutoScalingGroupName, suspended } = group;
  const { suspendedProcesses = [], minSize, maxSize } = declared;
  const toResume = [...suspended.keys()].filter((process) => !suspendedProcesses.includes(process));
  const toSuspend = suspendedProcesses.filter((process) => !suspended.has(process));
  const apply = (operation: string, processes: string[], note: (process: string) => void): void => {
    if (processes.length === 0) return;
    autoScaling.handle(operation, { AutoScalingGroupName, ScalingProcesses: processes });
    for (const process of processes) note(process);
  };
  apply('ResumeProcesses', toResume, (process) => resume(cloud, people, group, process));
  const unclear = toSuspend.filter((process) => mayBeOurs(cloud, group, process));
  apply('SuspendProcesses', toSuspend, (process) =>
    suspend(cloud, people, group, process, unclear.includes(process)),
  );
  if (group.minSize !== minSize || group.maxSize !== maxSize) {
    autoScaling.handle('UpdateAutoScalingGroup', {
      AutoScalingGroupName,
      MinSize: minSize,
      MaxSize: maxSize,
    });
  }
  if (holdTagKey in group.tags) {
    autoScaling.handle('DeleteTags', {
      Tags: [{ ResourceId: group.name, ResourceType: 'auto-scaling-group', Key: holdTagKey }],
    });
  }
};

const policyMeanwhile: Record<DeployedMeanwhile, Policy> = {
  'the same': randomPolicy,
  'other rules': otherPolicy,
  'dry run': randomPolicy,
};

const deedsOf = (incident: RandomIncident, part: Part, index: number, people: People): Deed[] => {
  if (!('from' in part)) return [];
  const deed = (atSeconds: number, text: string, act: (cloud: SimulatedCloud) => void): Deed => ({
    atSeconds,
    text,
    act,
  });
  const groupNamed = (cloud: SimulatedCloud, name: string): SimulatedGroup | undefined =>
    cloud.autoScaling.groups.get(name);
  switch (part.kind) {
    case 'by hand':
      return [
        deed(part.from, `somebody starts ${part.remediation} by hand`, ({ stepFunctions }) =>
          stepFunctions.startExecution(
            stateMachineArn(`holdfast-rehearsal-${part.remediation}`),
            `by-hand-${index}`,
            part.input,
          ),
        ),
      ];
    case 'stop executions':
      return [
        deed(part.from, 'somebody stops every execution', ({ stepFunctions }) => {
          for (const [arn, { status }] of stepFunctions.executions) {
            if (status === 'RUNNING') stepFunctions.stopExecution(arn);
          }
        }),
      ];
    case 'kill switch':
      return [
        deed(part.from, `somebody writes "${part.word}" into the kill switch`, ({ parameters, time }) => {
          parameters.set(killSwitchParameter, part.word);
          people.switchedSince ??= time.now();
          people.switchWord = part.word;
        }),
        deed(until(part), 'somebody writes "live" into the kill switch', ({ parameters }) => {
          parameters.set(killSwitchParameter, 'live');
          delete people.switchedSince;
          delete people.switchWord;
        }),
      ];
    case 'opt out':
      return [
        deed(part.from, `${part.group} opts out`, (cloud) => {
          const group = groupNamed(cloud, part.group);
          if (group === undefined || group.tags.holdfast === undefined) return;
          delete group.tags.holdfast;
          people.of(group).optedOutAt = cloud.time.now();
        }),
        deed(until(part), `${part.group} opts in again`, (cloud) => {
          const group = groupNamed(cloud, part.group);
          if (group === undefined || people.of(group).optedOutAt === undefined) return;
          group.tags.holdfast = 'true';
          delete people.of(group).optedOutAt;
        }),
      ];
    case 'make anew': {
      const spec = incident.groups.find(({ name }) => name === part.group);
      return spec === undefined
        ? []
        : [
            deed(part.from, `${part.group} is made anew`, ({ autoScaling }) => {
              autoScaling.deleteGroup(part.group);
              autoScaling.createGroup({ ...spec, scheduledActions: [], suspendedProcesses: [] });
            }),
          ];
    }
    case 'terraform': {
      const declared = incident.groups.find(({ name }) => name === part.group);
      const times = Math.ceil(part.lasts / part.everySeconds);
      return declared === undefined
        ? []
        : Array.from({ length: times }, (_, time) =>
            deed(part.from + time * part.everySeconds, `terraform apply: ${part.group}`, (cloud) => {
              const group = groupNamed(cloud, part.group);
              if (group !== undefined) applyTerraform(cloud, group, declared, people);
            }),
          );
    }
    case 'deploy':
      return [
        deed(part.from, `the stage is deployed: ${part.how}`, (cloud) => {
          delete people.dryRunSince;
          if (part.how === 'dry run') people.dryRunSince = cloud.time.now();
          cloud.deploy({
            policy: policyMeanwhile[part.how],
            stageMode: part.how === 'dry run' || isDryRun(incident) ? 'dry-run' : 'live',
          });
        }),
        deed(until(part), 'the stage is deployed as it was', (cloud) => {
          delete people.dryRunSince;
          cloud.deploy({ policy: randomPolicy, stageMode: isDryRun(incident) ? 'dry-run' : 'live' });
        }),
      ];
    case 'disable alarm actions':
      return [
        deed(part.from, 'somebody disables the actions of an alarm', ({ cloudWatch }) =>
          cloudWatch.disableActions(randomAlarms[0].alarmName),
        ),
        deed(until(part), 'and enables them again', ({ cloudWatch }) =>
          cloudWatch.enableActions(randomAlarms[0].alarmName),
        ),
      ];
    default: {
      if (!('group' in part)) return [];
      const act = toGroup[part.kind] as
        | ((cloud: SimulatedCloud, group: SimulatedGroup, part: Part, people: People) => void)
        | undefined;
      if (act === undefined) return [];
      return [
        deed(part.from, `${part.kind}: ${part.group}`, (cloud) => {
          const group = groupNamed(cloud, part.group);
          if (group !== undefined) act(cloud, group, part, people);
        }),
      ];
    }
  }
};

/** Every tenth incident is told to a stage that is a dry run. */
export const isDryRun = ({ seed }: RandomIncident): boolean => seed % 10 === 9;

/** Functions that die, each part once. */
export const deathsOf = (parts: Part[]): ((death: Death) => boolean) => {
  const deaths = parts.filter((part) => part.kind === 'death').map((part) => ({ ...part, left: part.at }));
  return ({ functionName, when }) => {
    for (const death of deaths) {
      if (death.function !== functionName || death.when !== when || death.left === 0) continue;
      death.left -= 1;
      if (death.left === 0) return true;
    }
    return false;
  };
};

/** From when on nobody does anything any more, and nothing is wrong. */
export const quietFrom = ({ parts, quietFrom: from = busySeconds }: RandomIncident): number =>
  Math.max(from, ...parts.map((part) => ('lasts' in part ? until(part) : 0)));

/** How long a random incident may take to give everything back, once all is quiet. */
const givesBackSeconds = 6 * 3600;

/** A random incident as the rehearsal tells it. */
export const toStory = (incident: RandomIncident, people: People): Story => {
  const { parts, groups, load } = incident;
  const perInstance = 100;
  const alarms = randomAlarms.map(
    ({ alarmName, threshold }): AlarmSpec => ({
      alarmName,
      metric: { namespace: 'Network', name: 'PacketLoss', dimensions: {} },
      comparison: 'GreaterThanThreshold',
      threshold,
      datapointsToAlarm: 2,
      evaluationPeriods: 3,
    }),
  );
  const demand = new Map(
    groups.map(({ name, desiredCapacity }) => [name, desiredCapacity * perInstance * load]),
  );
  return {
    name: `random-${incident.seed}`,
    title: `Random incident ${incident.seed}`,
    story: [],
    startsAt: '2026-03-02T03:00:00.000Z',
    durationSeconds: quietFrom(incident) + givesBackSeconds,
    groups,
    alarms,
    load: ({ name }) => demand.get(name) ?? 0,
    losses: ofKind(parts, 'loss').map(({ fraction, flapSeconds, ...part }) => ({
      name: 'packets are lost',
      ...period(part),
      fraction: (seconds) =>
        flapSeconds !== undefined && Math.floor(seconds / flapSeconds) % 2 === 1 ? 0 : fraction,
    })),
    launchFaults: ofKind(parts, 'launches fail').map((part) => ({
      name: `launches ${part.outcome.kind}`,
      groups: part.groups,
      outcome: part.outcome,
      ...period(part),
    })),
    capacityShortages: ofKind(parts, 'no capacity').map((part) => ({
      instanceTypes: part.instanceTypes,
      ...period(part),
    })),
    healthCheckFaults: ofKind(parts, 'health checks fail').map((part) => ({
      name: 'health checks fail',
      groups: part.groups,
      fraction: part.fraction,
      ...period(part),
    })),
    startFaults: ofKind(parts, 'starts do not serve').map((part) => ({
      name: 'what starts does not serve',
      groups: part.groups,
      ...period(part),
    })),
    restartLoops: ofKind(parts, 'restarts').map((part) => ({
      name: 'what boots restarts',
      groups: part.groups,
      everySeconds: part.everySeconds,
      ...period(part),
    })),
    serviceOutages: ofKind(parts, 'silence').flatMap(({ services, error, ...part }) =>
      services.map((service) => ({ service, ...(error === undefined ? {} : { error }), ...period(part) })),
    ),
    deeds: parts.flatMap((part, index) => deedsOf(incident, part, index, people)),
    autoScalingCallsPerSecond: 10,
    autoScalingBurst: 40,
  };
};
