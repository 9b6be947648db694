import type { AutoScalingGroup } from '../../functions/domain/auto-scaling-group.ts';
import { executionNameOf, remediationOf } from '../../functions/domain/execution-arn.ts';
import { type GroupRecord, isInstance } from '../../functions/domain/holds/group-record.ts';
import { holdTagKey } from '../../functions/domain/holds/hold-tag.ts';
import type { Incident } from '../../functions/domain/incident.ts';
import type { LaunchRecord } from '../../functions/domain/launches/launch-record.ts';
import type { ResizeRecord } from '../../functions/domain/resize/resize-record.ts';

/** Who asked for something that is in force. */
export type AskedBy = 'Holdfast' | 'people' | 'AWS' | 'unknown';

/** A hold of a group. */
export interface HolderStatus {
  remediation: string;
  executionName: string;
  /** `by hand`, or `by rule <name>`; absent where the incident is not known any more. */
  startedBy?: string;
  /** ISO 8601. */
  since?: string;
  until?: string;
  isGivingBack: boolean;
}

/** How a group stands. */
export interface GroupStatus {
  autoScalingGroupName: string;
  holders: HolderStatus[];
  /** What the tag of the group says, where nothing else is known of its holds. */
  tag?: string;
  suspended: { process: string; by: AskedBy }[];
  /** Instances that are protected from scale-in, by who asked for it. */
  protected: Partial<Record<AskedBy, number>>;
  instances: number;
  /** Instances in Standby, and on the way into it. */
  standby: string[];
  resize?: { resized: number; inFlight: number; waiting: number; left: number };
  breaker?: { state: string; nextProbeAt: string };
}

/** What is known of a group beside its description, where a stage is deployed. */
export interface GroupMemory {
  record?: GroupRecord;
  launches?: LaunchRecord;
  resize?: ResizeRecord;
  incidents: Map<string, Incident>;
}

const holdersOf = ({ record, incidents }: GroupMemory): HolderStatus[] =>
  (record?.holds ?? []).map(({ incidentId, heldAt, endsAtLatest, stage }) => {
    const incident = incidents.get(incidentId);
    return {
      remediation: remediationOf(incidentId) ?? '',
      executionName: executionNameOf(incidentId),
      ...(incident === undefined
        ? {}
        : { startedBy: incident.rule === undefined ? 'by hand' : `by rule ${incident.rule}` }),
      since: heldAt,
      ...(endsAtLatest === undefined ? {} : { until: endsAtLatest }),
      isGivingBack: stage !== 'HELD' || incident?.status === 'RELEASING',
    };
  });

const resizeOf = ({ resize }: GroupMemory): Pick<GroupStatus, 'resize'> => {
  const work = resize?.work;
  if (work === undefined) return {};
  const ended = (outcome: string): number => work.resizes.filter((each) => each.outcome === outcome).length;
  return {
    resize: {
      resized: ended('RESIZED'),
      inFlight: work.resizes.filter(({ stage }) => stage !== 'ENDED').length,
      waiting: work.queue.length,
      left: ended('LEFT'),
    },
  };
};

/** How a group stands, from its description and from what the deployed stage remembers of it. */
export const groupStatusOf = (group: AutoScalingGroup, memory: GroupMemory): GroupStatus => {
  // What was given back and is there again is somebody else's.
  const imposed = new Set(
    (memory.record?.imposed ?? []).flatMap(({ setting, givenBackAt }) =>
      givenBackAt === undefined ? [setting] : [],
    ),
  );
  // A hold of which only the tag tells may have asked for anything.
  const isUnknown = memory.record === undefined && group.tags[holdTagKey] !== undefined;
  const byAws = new Set(group.suspendedByAws ?? []);
  const askedBy = (setting: string): AskedBy => {
    if (imposed.has(setting)) return 'Holdfast';
    if (byAws.has(setting) && !isInstance(setting)) return 'AWS';
    return isUnknown ? 'unknown' : 'people';
  };
  const isProtected = group.instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn);
  const count = (by: AskedBy): number => isProtected.filter((each) => askedBy(each.instanceId) === by).length;
  const breaker = memory.launches?.breaker;
  const tag = group.tags[holdTagKey];
  return {
    autoScalingGroupName: group.autoScalingGroupName,
    holders: holdersOf(memory),
    ...(tag === undefined ? {} : { tag }),
    suspended: group.suspendedProcesses.map((process) => ({ process, by: askedBy(process) })),
    protected: Object.fromEntries(
      (['Holdfast', 'people', 'unknown'] as const).flatMap((by) =>
        count(by) === 0 ? [] : [[by, count(by)]],
      ),
    ),
    instances: group.instances.length,
    standby: group.instances
      .filter(({ lifecycleState }) => /Standby$/.test(lifecycleState))
      .map(({ instanceId }) => instanceId),
    ...resizeOf(memory),
    ...(breaker === undefined ? {} : { breaker: { state: breaker.state, nextProbeAt: breaker.probeAt } }),
  };
};

/** Whether there is anything to tell of a group. */
export const isWorthTelling = (status: GroupStatus): boolean =>
  status.holders.length > 0 ||
  status.tag !== undefined ||
  status.suspended.length > 0 ||
  Object.keys(status.protected).length > 0 ||
  status.standby.length > 0 ||
  status.resize !== undefined ||
  status.breaker !== undefined;
