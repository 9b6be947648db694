import { type AutoScalingGroup, inService, isOptedIn, optInTag } from '../auto-scaling-group.ts';
import type { PlannedCall } from '../calls.ts';
import { chunk } from '../chunk.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import { holdCalls } from '../holds/hold-calls.ts';
import { reservationSeconds, resizesMax } from '../limits.ts';
import { addSeconds, counted, firstOf } from '../times.ts';
import { inTurnByZone } from './decide-wave.ts';
import type { InstanceFacts, InstanceTypeFacts } from './instance-facts.ts';
import { checkInstance, type Finding, isFit } from './preflight.ts';
import {
  cancelReservationCall,
  changeTypeCall,
  enterStandbyCall,
  exitStandbyCall,
  launchCall,
  reservationToken,
  reserveCall,
  resizeSnapshotCall,
  startCall,
  stopCall,
  updateSizesCall,
} from './resize-calls.ts';
import type { Reservation, ResizeCandidate, TemplateFacts } from './resize-record.ts';
import { launchIsOurs, sizesFor } from './resize-sizes.ts';
import { type ResizeSettings, resizeEffect } from './settings.ts';

/** Everything a plan for one group rests on, observed just now. */
export interface ResizeFacts {
  group: AutoScalingGroup;
  record: GroupRecord;
  /** EC2's side of the instances in service, by id. */
  instances: Map<string, InstanceFacts>;
  types: Map<string, InstanceTypeFacts>;
  /** What is offered: `m7i.xlarge us-east-1a`. */
  offered: Set<string>;
  /** Whether an instance is protected from being stopped; absent when that could not be read. */
  stopProtected: Map<string, boolean>;
  /** Instances in service that EC2 runs and every load balancer finds healthy. */
  healthy: Set<string>;
  /** Status of an instance refresh that runs. */
  refresh?: string;
  template?: TemplateFacts;
  /** Why the group is not free, when something else of ours changes it. */
  takenBy?: string;
  /** Types wanted, in order; empty when `larger` finds none. */
  wantedTypes: string[];
  /** Why a rule may not begin here, when it may not. */
  notNow?: string;
}

/** What was checked of one instance for one type. */
interface InstanceFindings {
  instanceId: string;
  instanceType: string;
  findings: Finding[];
}

/**
 * What is planned for one group.
 * - `RESIZE`: these instances, in this order, with these calls.
 * - `NOTHING`: every instance has a type that was asked for already.
 * - `REFUSE`: nothing may be touched.
 */
export interface GroupResizePlan {
  action: 'RESIZE' | 'NOTHING' | 'REFUSE';
  autoScalingGroupName: string;
  reason: string;
  /** What is risked, and what will be different afterwards. */
  warnings: string[];
  findings: InstanceFindings[];
  queue: ResizeCandidate[];
  floor: number;
  waves: string[][];
  calls: PlannedCall[];
}

/** The floor as a number of instances. At least one stays, unless somebody says that none need. */
export const floorOf = (
  { floor, waveSize, allowDowntime }: Pick<ResizeSettings, 'floor' | 'waveSize' | 'allowDowntime'>,
  healthy: number,
): number => {
  const least = allowDowntime ? 0 : 1;
  if (floor === undefined) return Math.max(least, healthy - waveSize);
  return 'instances' in floor
    ? Math.max(least, floor.instances)
    : Math.max(least, Math.ceil((healthy * floor.percent) / 100));
};

/** Why nothing of a group may be touched, whatever its instances. */
const refusalOf = (facts: ResizeFacts, settings: ResizeSettings): string | undefined => {
  const { group, record, healthy } = facts;
  if (!isOptedIn(group)) return `the group does not carry the tag ${optInTag.key}=${optInTag.value}`;
  if (group.status !== undefined) return `the group is being deleted (${group.status})`;
  if (facts.takenBy !== undefined) return facts.takenBy;
  if (facts.notNow !== undefined) return facts.notNow;
  if (facts.refresh !== undefined)
    return `an instance refresh runs (${facts.refresh}): let it end, or cancel it`;
  const standby = group.instances.filter(({ lifecycleState }) => /Standby$/.test(lifecycleState));
  if (standby.length > 0) {
    return `${firstOf(
      standby.map(({ instanceId }) => instanceId),
      5,
    )} is in Standby, put there by somebody else: let it leave Standby first`;
  }
  if (group.suspendedProcesses.includes('Launch') && !launchIsOurs(group, record)) {
    return 'somebody suspended Launch, and Standby could not be left: resume it first';
  }
  if (group.countsUnits !== undefined) {
    return `its sizes count ${group.countsUnits}, not instances; resize it by hand`;
  }
  const others = group.otherTrafficSources ?? [];
  if (others.length > 0) {
    return `it gets traffic from ${others.join(', ')}, whose health checks cannot be asked`;
  }
  if (facts.wantedTypes.length === 0) {
    return `no larger type is known: ${facts.template?.instanceType === undefined ? 'its launch template names no single type' : `${facts.template.instanceType} is the largest of its family`}. Name instanceTypes`;
  }
  const serving = inService(group).length;
  if (serving === 0) return 'nothing is in service';
  if (serving > resizesMax) return `${serving} are in service, more than the ${resizesMax} of one run`;
  if (serving === 1 && !settings.allowDowntime) {
    return 'a group of one is without any while it is resized: set allowDowntime if that may be';
  }
  const floor = floorOf(settings, healthy.size);
  if (healthy.size - 1 < floor) {
    return `${healthy.size} of ${serving} in service are healthy, and the floor is ${floor}: not one can be taken out of service`;
  }
  return undefined;
};

const findingsOf = (
  facts: ResizeFacts,
  settings: ResizeSettings,
  instance: InstanceFacts,
): InstanceFindings[] =>
  facts.wantedTypes.map((instanceType): InstanceFindings => {
    const candidate = facts.types.get(instanceType);
    const present = facts.types.get(instance.instanceType);
    const findings: Finding[] =
      candidate === undefined || present === undefined
        ? [
            {
              verdict: 'refuse',
              check: 'type',
              fact: `EC2 knows no ${candidate === undefined ? instanceType : instance.instanceType} in this Region`,
            },
          ]
        : checkInstance(instance, {
            present,
            candidate,
            isOffered: facts.offered.has(`${instanceType} ${instance.availabilityZone}`),
            isStopProtected: facts.stopProtected.get(instance.instanceId),
            allowsInstanceStoreLoss: settings.allowInstanceStoreLoss,
            reservesCapacity: settings.reserveCapacity,
          });
    return { instanceId: instance.instanceId, instanceType, findings };
  });

/** Whether a type has as much as another one already: `larger` makes nothing smaller. */
const isAtLeast = ({ types }: ResizeFacts, instanceType: string, wanted: string | undefined): boolean => {
  const present = types.get(instanceType);
  const other = types.get(wanted ?? '');
  if (present === undefined || other === undefined) return false;
  return present.vCpus >= other.vCpus && present.memoryMiB >= other.memoryMiB;
};

/** Members of one zone and platform that may have the same types: what one reservation is made for. */
export const byZone = <Item extends Pick<ResizeCandidate, 'availabilityZone' | 'platform' | 'candidates'>>(
  items: Item[],
): Item[][] => [
  ...items
    .reduce((zones, item) => {
      const key = [item.availabilityZone, item.platform, ...item.candidates].join('\n');
      return zones.set(key, [...(zones.get(key) ?? []), item]);
    }, new Map<string, Item[]>())
    .values(),
];

/** A reservation as it is written down before it is asked for. */
export const toReservation = (
  incidentId: string,
  members: ResizeCandidate[],
  instanceType: string,
  count: number,
  attempt: number,
  now: string,
): Reservation => {
  const instanceIds = members.map(({ instanceId }) => instanceId).sort();
  return {
    clientToken: reservationToken(incidentId, instanceType, instanceIds, attempt),
    instanceType,
    availabilityZone: members[0]?.availabilityZone ?? '',
    platform: members[0]?.platform ?? '',
    count,
    instanceIds,
    recordedAt: now,
    endsAt: addSeconds(now, reservationSeconds),
  };
};

/** The calls of one wave, in the order in which the first of them are made. */
const waveCalls = (
  name: string,
  members: ResizeCandidate[],
  settings: ResizeSettings,
  incidentId: string,
  now: string,
): PlannedCall[] => {
  const zones = byZone(members);
  const typeOf = new Map(members.map(({ instanceId, candidates }) => [instanceId, candidates[0] ?? '']));
  const reservations = settings.reserveCapacity
    ? zones.map((zone) =>
        toReservation(incidentId, zone, typeOf.get(zone[0]?.instanceId ?? '') ?? '', zone.length, 1, now),
      )
    : [];
  const each = (calls: (member: ResizeCandidate) => PlannedCall[]): PlannedCall[] => members.flatMap(calls);
  return [
    ...reservations.map(reserveCall),
    ...each(({ instanceId }) => [enterStandbyCall(name, instanceId)]),
    ...each(({ instanceId }) => [stopCall(instanceId, false)]),
    ...each(({ instanceId, originalType }) => [
      ...(settings.snapshot ? [resizeSnapshotCall(name, instanceId)] : []),
      changeTypeCall(instanceId, typeOf.get(instanceId) ?? '', originalType),
    ]),
    ...each(({ instanceId }) => [startCall(instanceId, typeOf.get(instanceId) ?? '')]),
    ...reservations.map(({ clientToken }) => cancelReservationCall(`the one of the token ${clientToken}`)),
    ...each(({ instanceId }) => [exitStandbyCall(name, instanceId)]),
  ];
};

const warningsOf = (facts: ResizeFacts, settings: ResizeSettings): string[] => [
  ...(settings.reserveCapacity
    ? []
    : [
        'no capacity is reserved: between stop and start nothing holds the place of an instance, and neither its new type nor its old one may have room then; it would be left stopped in Standby for a person',
      ]),
  ...(facts.group.hasMixedInstances === true
    ? ['the group launches several types; their weights are not computed anew']
    : []),
];

/**
 * Plans the resize of one group: everything that can be known is checked before anything is touched.
 *
 * @param incidentId whose plan it is; it names the reservations
 * @param now ISO 8601
 */
export const planResize = (
  facts: ResizeFacts,
  settings: ResizeSettings,
  incidentId: string,
  now: string,
): GroupResizePlan => {
  const { group, record, healthy, wantedTypes } = facts;
  const { autoScalingGroupName } = group;
  const serving = inService(group);
  const floor = floorOf(settings, healthy.size);
  const plan = { autoScalingGroupName, warnings: [], findings: [], queue: [], floor, waves: [], calls: [] };
  const refusal = refusalOf(facts, settings);
  if (refusal !== undefined) return { ...plan, action: 'REFUSE', reason: refusal };

  const unknown = serving.find(({ instanceId }) => !facts.instances.has(instanceId));
  if (unknown !== undefined) {
    return {
      ...plan,
      action: 'REFUSE',
      reason: `EC2 does not know ${unknown.instanceId}, which is in service`,
    };
  }
  const toResize = [...facts.instances.values()].filter(
    ({ instanceType }) =>
      !wantedTypes.includes(instanceType) &&
      !(settings.instanceTypes === 'larger' && isAtLeast(facts, instanceType, wantedTypes[0])),
  );
  if (toResize.length === 0) {
    return {
      ...plan,
      action: 'NOTHING',
      reason: `all ${serving.length} in service have ${wantedTypes.join(' or ')}${settings.instanceTypes === 'larger' ? ' or more' : ''} already${settings.instanceTypes === 'larger' ? `, one size above the launch template's ${facts.template?.instanceType}; to go further, name the type` : ''}`,
    };
  }

  const findings = toResize.flatMap((instance) => findingsOf(facts, settings, instance));
  const queue = inTurnByZone(
    toResize.flatMap((instance): ResizeCandidate[] => {
      const candidates = findings
        .filter((each) => each.instanceId === instance.instanceId && isFit(each.findings))
        .map(({ instanceType }) => instanceType);
      const { instanceId, availabilityZone, platform, instanceType } = instance;
      return candidates.length === 0 || platform === undefined
        ? []
        : [{ instanceId, availabilityZone, platform, originalType: instanceType, candidates }];
    }),
  );
  if (queue.length === 0) {
    return {
      ...plan,
      findings,
      action: 'REFUSE',
      reason: `none of ${counted(toResize.length, 'instance')} can be resized: ${firstRefusals(findings)}`,
    };
  }

  const atOnce = Math.max(1, Math.min(settings.waveSize, healthy.size - floor));
  const waves = [queue.slice(0, 1), ...chunk(queue.slice(1), atOnce)];
  const inForce = new Set(group.suspendedProcesses);
  const launchIsHeld = launchIsOurs(group, record);
  const sizes = sizesFor(group, Math.min(settings.waveSize, queue.length), launchIsHeld);
  const before = { minSize: group.minSize, desiredCapacity: group.desiredCapacity };
  const calls: PlannedCall[] = [
    ...holdCalls(
      autoScalingGroupName,
      resizeEffect.processes.filter((process) => !inForce.has(process)),
      'resize-in-place',
    ),
    ...(sizes === undefined ? [] : [updateSizesCall(autoScalingGroupName, sizes, sizesReason(sizes))]),
    ...(launchIsHeld ? [launchCall('ResumeProcesses', autoScalingGroupName)] : []),
    ...waves.flatMap((members) => waveCalls(autoScalingGroupName, members, settings, incidentId, now)),
    ...(launchIsHeld ? [launchCall('SuspendProcesses', autoScalingGroupName)] : []),
    ...(sizes === undefined ? [] : [updateSizesCall(autoScalingGroupName, before, restoreReason)]),
  ];
  const leftOut = toResize.length - queue.length;
  return {
    action: 'RESIZE',
    autoScalingGroupName,
    reason: `${counted(queue.length, 'instance')} of ${serving.length} in service in ${counted(waves.length, 'wave')}, the first a canary of one; ${floor} of ${healthy.size} healthy ones stay in service at any time${leftOut === 0 ? '' : `; ${leftOut} are left out: ${firstRefusals(findings)}`}`,
    warnings: warningsOf(facts, settings),
    findings,
    queue,
    floor,
    waves: waves.map((members) => members.map(({ instanceId }) => instanceId)),
    calls,
  };
};

/** Why sizes are changed for the time of a resize. */
export const sizesReason = ({ desiredCapacity }: { desiredCapacity?: number }): string =>
  desiredCapacity === undefined
    ? 'EnterStandby lowers desired capacity, and AWS refuses to go below the minimum'
    : 'Launch has to run so that Standby can be left; with desired capacity at what is in service nothing is launched';

/** Why they are set back. */
export const restoreReason = 'the sizes of before the resize are set again';

/** The first refusals of each check, in words, each once. */
const firstRefusals = (findings: InstanceFindings[]): string =>
  firstOf(
    [
      ...new Set(
        findings.flatMap(({ instanceId, instanceType, findings: found }) =>
          found
            .filter(({ verdict }) => verdict === 'refuse')
            .map(({ check, fact }) => `${instanceId} as ${instanceType}: ${check}: ${fact}`),
        ),
      ),
    ],
    5,
  );
