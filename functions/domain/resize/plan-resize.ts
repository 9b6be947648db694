import { type AutoScalingGroup, inService, isOptedIn } from '../auto-scaling-group.ts';
import type { PlannedCall } from '../calls.ts';
import { chunk } from '../chunk.ts';
import { traitsTreated, whyTreated } from '../group-traits.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import { holdCalls } from '../holds/hold-calls.ts';
import { reservationSeconds, resizesMax } from '../limits.ts';
import type { GroupTrait, TraitReadAlone } from '../remediation.ts';
import { addSeconds } from '../times.ts';
import { inTurnByZone } from './in-turn-by-zone.ts';
import type { InstanceFacts, InstanceTypeFacts } from './instance-facts.ts';
import { checkInstance, type Finding, isFit, unknownType } from './preflight.ts';
import { reservationPlatform } from './reservation-platform.ts';
import {
  cancelReservationCall,
  changeTypeCall,
  enterStandbyCall,
  exitStandbyCall,
  launchCall,
  reservationToken,
  reserveCall,
  resizeSnapshotCall,
  restoreCalls,
  roomCalls,
  startCall,
  stopCall,
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
  /** Traits that its description does not show. */
  traitsReadAlone: TraitReadAlone[];
  template?: TemplateFacts;
  /** Other groups that launch from the template, where it is to be changed. */
  sharesTemplateWith: string[];
  /** Something else of ours that changes the group, when something does. */
  takenBy?: TakenBy;
  /** The type that `larger` counts from. */
  countedFrom?: string;
  /** Types wanted, in order; empty when `larger` finds none. */
  wantedTypes: string[];
  /** Whether a rule asks, and launches do not fail. */
  needsNoResize?: boolean;
}

/** Something else of ours that changes a group: the resize of another execution, or a pause of its scaling. */
export type TakenBy =
  | { because: 'RESIZED_BY_ANOTHER'; executionName: string }
  | { because: 'SCALING_PAUSED'; reason: string };

/** Something else manages the group, or it is made of what is special. */
interface TraitFacts {
  because: 'TRAIT';
  trait: GroupTrait;
  why: string;
}

/** Why nothing of a group may be touched. */
export type ResizeRefusal =
  | { because: 'NOT_OPTED_IN' }
  | { because: 'BEING_DELETED'; status: string }
  | TakenBy
  | { because: 'LAUNCHES_SUCCEED' }
  | TraitFacts
  | { because: 'IN_STANDBY'; instanceIds: string[] }
  | { because: 'LAUNCH_SUSPENDED' }
  | { because: 'TRAFFIC_SOURCES'; sources: string[] }
  /** `instanceType` is what `larger` counts from; absent where there is no single one. */
  | { because: 'NO_LARGER_TYPE'; instanceType: string | undefined }
  | { because: 'NOTHING_IN_SERVICE' }
  | { because: 'TOO_MANY_IN_SERVICE'; serving: number; limit: number }
  | { because: 'GROUP_OF_ONE' }
  | { because: 'AT_THE_FLOOR'; healthy: number; serving: number; floor: number }
  | { because: 'UNKNOWN_TO_EC2'; instanceId: string }
  | { because: 'NO_INSTANCE_FITS'; toResize: number };

/** What a plan rests on. */
export type ResizePlanFacts =
  | ({ action: 'REFUSE' } & ResizeRefusal)
  /** `countedFrom` is what `larger` counts from; absent where types were named. */
  | { action: 'NOTHING'; serving: number; wantedTypes: string[]; countedFrom?: string }
  | { action: 'RESIZE'; serving: number; healthy: number; leftOut: number };

/** What is risked. */
export type ResizeWarning =
  | { because: 'NOTHING_RESERVED' }
  | TraitFacts
  | { because: 'TEMPLATE_SHARED'; autoScalingGroupNames: string[] };

/** What was checked of one instance for one type. */
export interface InstanceFindings {
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
export type GroupResizePlan = ResizePlanFacts & {
  autoScalingGroupName: string;
  warnings: ResizeWarning[];
  findings: InstanceFindings[];
  queue: ResizeCandidate[];
  floor: number;
  waves: string[][];
  calls: PlannedCall[];
};

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

/** The traits that are not in the group's description, as far as they are refused, or warned of. */
const traitsReadAlone = (facts: ResizeFacts, treatment: 'warned' | 'refused'): TraitFacts[] =>
  facts.traitsReadAlone.flatMap((trait) => {
    const why = whyTreated('resize-in-place', trait, treatment);
    return why === undefined ? [] : [{ because: 'TRAIT', trait, why }];
  });

/** Why nothing of a group may be touched, whatever its instances. */
const refusalOf = (facts: ResizeFacts, settings: ResizeSettings): ResizeRefusal | undefined => {
  const { group, record, healthy, instances } = facts;
  if (!isOptedIn(group)) return { because: 'NOT_OPTED_IN' };
  if (group.status !== undefined) return { because: 'BEING_DELETED', status: group.status };
  if (facts.takenBy !== undefined) return facts.takenBy;
  if (facts.needsNoResize === true) return { because: 'LAUNCHES_SUCCEED' };
  const [inProgress] = traitsReadAlone(facts, 'refused');
  if (inProgress !== undefined) return inProgress;
  const standby = group.instances.filter(({ lifecycleState }) => /Standby$/.test(lifecycleState));
  if (standby.length > 0) {
    return { because: 'IN_STANDBY', instanceIds: standby.map(({ instanceId }) => instanceId) };
  }
  if (group.suspendedProcesses.includes('Launch') && !launchIsOurs(group, record)) {
    return { because: 'LAUNCH_SUSPENDED' };
  }
  const sources = group.otherTrafficSources ?? [];
  if (sources.length > 0) return { because: 'TRAFFIC_SOURCES', sources };
  if (facts.wantedTypes.length === 0) {
    return { because: 'NO_LARGER_TYPE', instanceType: facts.countedFrom };
  }
  const serving = inService(group);
  if (serving.length === 0) return { because: 'NOTHING_IN_SERVICE' };
  if (serving.length > resizesMax) {
    return { because: 'TOO_MANY_IN_SERVICE', serving: serving.length, limit: resizesMax };
  }
  if (serving.length === 1 && !settings.allowDowntime) return { because: 'GROUP_OF_ONE' };
  const floor = floorOf(settings, healthy.size);
  if (healthy.size - 1 < floor) {
    return { because: 'AT_THE_FLOOR', healthy: healthy.size, serving: serving.length, floor };
  }
  const unknown = serving.find(({ instanceId }) => !instances.has(instanceId));
  return unknown && { because: 'UNKNOWN_TO_EC2', instanceId: unknown.instanceId };
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
        ? [unknownType(candidate === undefined ? instanceType : instance.instanceType)]
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
    platform: members[0]?.platform ?? 'Linux/UNIX',
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

const warningsOf = (facts: ResizeFacts, settings: ResizeSettings): ResizeWarning[] => [
  ...(settings.reserveCapacity ? [] : [{ because: 'NOTHING_RESERVED' } as const]),
  ...traitsTreated(facts.group, 'resize-in-place', 'warned').map(
    (trait) => ({ because: 'TRAIT', ...trait }) as const,
  ),
  ...traitsReadAlone(facts, 'warned'),
  ...(facts.sharesTemplateWith.length > 0
    ? [{ because: 'TEMPLATE_SHARED', autoScalingGroupNames: facts.sharesTemplateWith } as const]
    : []),
];

/** The instances that fit a type, in the order in which they are resized. */
const queueOf = (toResize: InstanceFacts[], findings: InstanceFindings[]): ResizeCandidate[] =>
  inTurnByZone(
    toResize.flatMap((instance): ResizeCandidate[] => {
      const { instanceId, availabilityZone, instanceType } = instance;
      const candidates = findings
        .filter((each) => each.instanceId === instanceId && isFit(each.findings))
        .map((each) => each.instanceType);
      // Where nothing is reserved the platform is not asked about, and what it is called does not matter.
      const platform = reservationPlatform(instance) ?? 'Linux/UNIX';
      return candidates.length === 0
        ? []
        : [{ instanceId, availabilityZone, platform, originalType: instanceType, candidates }];
    }),
  );

/** The sizes that each wave needs, as they are set one after the other; `undefined` where they are so already. */
const sizesOfWaves = (group: AutoScalingGroup, waves: ResizeCandidate[][], pinsDesired: boolean) => {
  let present = group;
  return waves.map(({ length }) => {
    const sizes = sizesFor(present, length, pinsDesired);
    present = { ...present, ...sizes };
    return sizes;
  });
};

/** All calls of a resize, in order: hold, sizes, `Launch`, the waves, and back. */
const callsOf = (
  { group, record }: ResizeFacts,
  settings: ResizeSettings,
  waves: ResizeCandidate[][],
  incidentId: string,
  now: string,
): PlannedCall[] => {
  const { autoScalingGroupName: name, minSize, desiredCapacity } = group;
  const inForce = new Set(group.suspendedProcesses);
  const launchIsHeld = launchIsOurs(group, record);
  const sizes = sizesOfWaves(group, waves, launchIsHeld);
  const missing = resizeEffect.processes.filter((process) => !inForce.has(process));
  return [
    ...holdCalls(name, missing, 'resize-in-place'),
    ...waves.flatMap((members, index) => {
      const wanted = sizes[index];
      return [
        ...(wanted === undefined ? [] : roomCalls(name, wanted)),
        ...(launchIsHeld && index === 0 ? [launchCall('ResumeProcesses', name)] : []),
        ...waveCalls(name, members, settings, incidentId, now),
      ];
    }),
    ...(launchIsHeld ? [launchCall('SuspendProcesses', name)] : []),
    ...(sizes.every((each) => each === undefined) ? [] : restoreCalls(name, { minSize, desiredCapacity })),
  ];
};

/**
 * The type that `larger` counts from: what the launch template launches; where the group launches several types, the one
 * that most of its instances have, of as many the one that is named first in the alphabet.
 */
export const typeCountedFrom = (
  { hasMixedInstances }: AutoScalingGroup,
  template: TemplateFacts | undefined,
  instances: Pick<InstanceFacts, 'instanceType'>[],
): string | undefined => {
  if (hasMixedInstances !== true) return template?.instanceType;
  const counts = new Map<string, number>();
  for (const { instanceType } of instances) counts.set(instanceType, (counts.get(instanceType) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
};

/** Instances that do not have a type that was asked for; `larger` makes nothing smaller. */
const instancesToResize = (facts: ResizeFacts, { instanceTypes }: ResizeSettings): InstanceFacts[] =>
  [...facts.instances.values()].filter(
    ({ instanceType }) =>
      !facts.wantedTypes.includes(instanceType) &&
      !(instanceTypes === 'larger' && isAtLeast(facts, instanceType, facts.wantedTypes[0])),
  );

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
  const { group, healthy, wantedTypes } = facts;
  const { autoScalingGroupName } = group;
  const serving = inService(group).length;
  const floor = floorOf(settings, healthy.size);
  const plan = { autoScalingGroupName, warnings: [], findings: [], queue: [], floor, waves: [], calls: [] };
  const refusal = refusalOf(facts, settings);
  if (refusal !== undefined) return { ...plan, action: 'REFUSE', ...refusal };
  const toResize = instancesToResize(facts, settings);
  if (toResize.length === 0) {
    const countedFrom = settings.instanceTypes === 'larger' ? facts.countedFrom : undefined;
    return {
      ...plan,
      action: 'NOTHING',
      serving,
      wantedTypes,
      ...(countedFrom === undefined ? {} : { countedFrom }),
    };
  }
  const findings = toResize.flatMap((instance) => findingsOf(facts, settings, instance));
  const queue = queueOf(toResize, findings);
  if (queue.length === 0) {
    return {
      ...plan,
      findings,
      action: 'REFUSE',
      because: 'NO_INSTANCE_FITS',
      toResize: toResize.length,
    };
  }
  const atOnce = Math.max(1, Math.min(settings.waveSize, healthy.size - floor));
  const waves = [queue.slice(0, 1), ...chunk(queue.slice(1), atOnce)];
  return {
    action: 'RESIZE',
    autoScalingGroupName,
    serving,
    healthy: healthy.size,
    leftOut: toResize.length - queue.length,
    warnings: warningsOf(facts, settings),
    findings,
    queue,
    floor,
    waves: waves.map((members) => members.map(({ instanceId }) => instanceId)),
    calls: callsOf(facts, settings, waves, incidentId, now),
  };
};
