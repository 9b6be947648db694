import type * as z from 'zod/mini';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { CloudFormation } from '../../aws/cloudformation.ts';
import type { Ec2Health } from '../../aws/ec2-health.ts';
import type { ElasticLoadBalancing } from '../../aws/elastic-load-balancing.ts';
import type { Clock } from '../../clock.ts';
import { type AutoScalingGroup, inService } from '../../domain/auto-scaling-group.ts';
import { StaleRecordError } from '../../domain/errors.ts';
import { whyTreated } from '../../domain/group-traits.ts';
import {
  areWorthTelling,
  type BrokenNewcomer,
  confirmedOf,
  findBrokenNewcomers,
  type InstanceHealth,
  newcomersSince,
} from '../../domain/holds/broken-newcomers.ts';
import { type GroupRecord, isLeased } from '../../domain/holds/group-record.ts';
import { lookAtStack, stackOf } from '../../domain/holds/stack-update.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { inspectBudgetSeconds } from '../../domain/limits.ts';
import type { TraitReadAlone } from '../../domain/remediation.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import {
  brokenNewcomersTodo,
  tellBrokenNewcomers,
  tellUpdateEnded,
} from '../../domain/telling/hold-sentences.ts';
import { counted, secondsBetween, spokenTime } from '../../domain/times.ts';
import type { inspectGroupsState } from '../../events/hold-state.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes, type Note } from '../incidents/note-group.ts';
import { lookAtGroups, type SeenGroup } from './look-at-groups.ts';
import { type DescribeStack, remembering } from './stacks.ts';

/** What InspectGroups needs: clients that only read. */
export interface InspectGroupsDependencies {
  autoScaling: AutoScaling;
  cloudFormation: CloudFormation;
  ec2: Ec2Health;
  elasticLoadBalancing: ElasticLoadBalancing;
  store: Store;
  clock: Clock;
}

/** How far one look came. */
export interface InspectGroupsResult {
  /** When it began. */
  at: string;
  /** The group that the next look begins with, by its place in the incident; 0 when this one came to the end. */
  next: number;
  /** So many groups have been looked at once at least. */
  reached: number;
  /** Whether it did not get to every group. */
  isUnfinished: boolean;
  /** Newcomers that did not work, seen so once at least. */
  suspects: number;
  /** Those of them that two looks agree on. */
  brokenNewcomers: number;
  /** Groups of which something could not be read. */
  unreadable: number;
}

/** One look at the groups of an incident. */
interface Look {
  incident: Incident;
  /** Instances of the account that were started since shortly before the hold, and when. */
  newcomers: Map<string, string>;
  describeStack: DescribeStack;
}

/** A group with its place among those of the incident. */
interface InspectedGroup extends SeenGroup {
  /** Whether it is looked at for the first time. */
  isFirstLook: boolean;
}

/** One thing that is looked for in a group. Returns the record with what was found; throws when it cannot be read. */
type Part = (look: Look, seen: InspectedGroup, record: GroupRecord, note: Note) => Promise<GroupRecord>;

/** The instances of a group in service that were started since shortly before the hold, and when. */
const newcomersOf = ({ newcomers }: Look, { group }: SeenGroup): Map<string, string> =>
  new Map(
    (group === undefined ? [] : inService(group)).flatMap(({ instanceId }) => {
      const startedAt = newcomers.get(instanceId);
      return startedAt === undefined ? [] : [[instanceId, startedAt] as const];
    }),
  );

/** How far a look came, and what it saw. */
interface Progress
  extends Pick<
    InspectGroupsResult,
    'reached' | 'isUnfinished' | 'suspects' | 'brokenNewcomers' | 'unreadable'
  > {
  /** The group that is next, by its place in the incident. */
  place: number;
  /** The first group that could not be looked at. */
  firstUnreadable?: number;
  /** Why something could not be read, the first time. */
  because?: string;
}

const hasFailed = (progress: Progress, groups: number, because: string | undefined): void => {
  progress.firstUnreadable ??= progress.place;
  progress.isUnfinished = true;
  if (because === undefined) return;
  progress.unreadable += groups;
  progress.because ??= because;
};

/**
 * Looks at the groups of a hold for what takes a call of its own for each group: whether what came into service lately
 * works, and whether something else is changing the group. Off the path on which groups are held, after they are. It
 * changes nothing in AWS; what it finds is in the records of the groups, and people are told.
 */
export const createInspectGroups = (dependencies: InspectGroupsDependencies) => {
  const { autoScaling, ec2, elasticLoadBalancing, store, clock } = dependencies;

  const readHealth = async (
    group: AutoScalingGroup,
    newcomers: Map<string, string>,
    known: BrokenNewcomer[],
  ): Promise<InstanceHealth> => {
    const present = new Set(inService(group).map(({ instanceId }) => instanceId));
    const knownIds = known.map(({ instanceId }) => instanceId).filter((id) => present.has(id));
    const ids = [...new Set([...newcomers.keys(), ...knownIds])];
    const unhealthyTargets = new Set<string>();
    for (const arn of group.targetGroupArns ?? []) {
      for (const id of await elasticLoadBalancing.describeUnhealthyTargets(arn)) unhealthyTargets.add(id);
    }
    return { newcomers, unhealthyTargets, impaired: await ec2.describeImpaired(ids) };
  };

  const lookAtNewcomers: Part = async (look, seen, record, note) => {
    const { brokenNewcomers: known = [] } = record;
    const newcomers = newcomersOf(look, seen);
    if (seen.group === undefined || (newcomers.size === 0 && known.length === 0)) return record;
    const health = await readHealth(seen.group, newcomers, known);
    const now = clock.now();
    const found = findBrokenNewcomers(seen.group, known, health, now);
    const confirmed = confirmedOf(found);
    const isTold = areWorthTelling(confirmed);
    if (isTold) {
      note('broken-newcomers', tellBrokenNewcomers(seen.group, confirmed), {
        todo: brokenNewcomersTodo(
          regionOf(look.incident.incidentId),
          confirmed.map(({ instanceId }) => instanceId),
        ),
      });
    }
    const { brokenNewcomers: _known, ...rest } = record;
    const brokenNewcomers = found.map((newcomer) =>
      isTold && newcomer.confirmedAt !== undefined ? { ...newcomer, toldAt: now } : newcomer,
    );
    return brokenNewcomers.length === 0 ? rest : { ...rest, brokenNewcomers };
  };

  /** Has people told of what is in progress in a group, where that matters to what is done to it. */
  const noteInProgress = ({ incident }: Look, trait: TraitReadAlone, note: Note, sinceWhen = ''): void => {
    const why = whyTreated(incident.remediation, trait, 'warned');
    if (why !== undefined) note('in-progress', `${why}${sinceWhen}`, { because: trait });
  };

  const lookAtStackOf: Part = async (look, seen, record, note) => {
    const { group, isFirstLook } = seen;
    const stackId = group === undefined ? undefined : stackOf(group);
    if (group === undefined || stackId === undefined) return record;
    const stack = await look.describeStack(stackId);
    const now = clock.now();
    const startedAt = stack?.changedAt ?? now;
    const { record: next, news } = lookAtStack(record, group, stack?.status, startedAt, now);
    const isNewToUs = isFirstLook && next.stackUpdate !== undefined && next.stackUpdate.endedAt === undefined;
    if (news === 'BEGAN' || isNewToUs) {
      noteInProgress(look, 'STACK_UPDATE', note, `; it began at ${spokenTime(startedAt)}`);
    }
    if (news === 'ENDED') note('update-ended', tellUpdateEnded);
    return next;
  };

  const lookForRefresh: Part = async (look, { name, isFirstLook }, record, note) => {
    if (isFirstLook && (await autoScaling.describeInstanceRefresh(name)) !== undefined) {
      noteInProgress(look, 'INSTANCE_REFRESH', note);
    }
    return record;
  };

  /** Looks at one group, each part for itself: one that cannot be read does not hide what the others saw. */
  const inspect = async (
    look: Look,
    seen: InspectedGroup,
    onFailure: (error: unknown) => void,
  ): Promise<GroupRecord> => {
    const { group, record } = seen;
    const { incidentId } = look.incident;
    const isHeld = record.holds.some((hold) => hold.incidentId === incidentId);
    if (group === undefined || !isHeld || isLeased(record, clock.now())) return record;
    const notes: JournalEntry[] = [];
    const note = createGroupNotes(notes, clock, seen.name);
    let next = record;
    for (const part of [lookForRefresh, lookAtNewcomers, lookAtStackOf]) {
      try {
        next = await part(look, seen, next, note);
      } catch (error) {
        onFailure(error);
      }
    }
    // Told before it is remembered to be told: what is told twice in the same words reaches people once.
    await writeJournal(store, incidentId, notes);
    if (JSON.stringify(next) !== JSON.stringify(record)) await store.writeGroup(next);
    return next;
  };

  /** Looks at one group, whatever becomes of it. */
  const inspectAnyway = async (look: Look, seen: SeenGroup, progress: Progress): Promise<void> => {
    const isFirstLook = progress.place >= progress.reached;
    let first: unknown;
    try {
      const record = await inspect(look, { ...seen, isFirstLook }, (error) => {
        first ??= error;
      });
      const { brokenNewcomers = [] } = record;
      progress.suspects += brokenNewcomers.length;
      progress.brokenNewcomers += confirmedOf(brokenNewcomers).length;
    } catch (error) {
      first ??= error;
    }
    if (first === undefined) return;
    // Somebody else wrote the record meanwhile: nothing is wrong with the group.
    const isOvertaken = first instanceof StaleRecordError;
    hasFailed(progress, 1, isOvertaken ? undefined : `${seen.name}: ${describeAwsError(first)}`);
  };

  /** Looks at group after group for as long as there is time. */
  const inspectInTurn = async (
    look: Look,
    names: string[],
    progress: Progress,
    isInTime: () => boolean,
  ): Promise<void> => {
    for await (const page of lookAtGroups({ store, autoScaling, clock }, names.slice(progress.place))) {
      if (!isInTime()) return;
      if ('unreadable' in page) {
        hasFailed(progress, page.names.length, page.unreadable);
        progress.place += page.names.length;
        continue;
      }
      for (const seen of page.seen) {
        if (!isInTime()) return;
        await inspectAnyway(look, seen, progress);
        progress.place += 1;
      }
    }
  };

  const noteUnreadable = async (incidentId: string, { unreadable, because }: Progress): Promise<void> => {
    if (unreadable === 0) return;
    const text = `whether the instances of ${counted(unreadable, 'group')} work, and what else changes them, cannot be read (${because}); tried again in the next rounds`;
    await writeJournal(store, incidentId, [{ at: clock.now(), event: 'failed', text }]);
  };

  return async (state: z.output<typeof inspectGroupsState>): Promise<InspectGroupsResult> => {
    const at = clock.now();
    const { next = 0, reached = 0 } = state.inspected ?? {};
    const incident = await store.readIncident(state.plan.incidentId);
    const names = incident?.status === 'HELD' ? await store.readIncidentGroups(incident.incidentId) : [];
    const progress: Progress = {
      place: next < names.length ? next : 0,
      reached,
      suspects: 0,
      brokenNewcomers: 0,
      unreadable: 0,
      isUnfinished: false,
    };
    if (incident !== undefined && names.length > 0) {
      const isInTime = (): boolean => secondsBetween(at, clock.now()) < inspectBudgetSeconds;
      try {
        const newcomers = await ec2.describeStartedSince(newcomersSince(incident.startedAt), at);
        const describeStack = remembering(dependencies.cloudFormation);
        await inspectInTurn({ incident, newcomers, describeStack }, names, progress, isInTime);
      } catch (error) {
        hasFailed(progress, names.length, describeAwsError(error));
      }
      const wasReadable = (state.inspected?.unreadable ?? 0) === 0;
      if (wasReadable) await noteUnreadable(incident.incidentId, progress);
    }
    const { place, firstUnreadable = place, suspects, brokenNewcomers, unreadable } = progress;
    const isThrough = place >= names.length;
    return {
      at,
      next: isThrough ? 0 : place,
      reached: Math.max(reached, firstUnreadable),
      isUnfinished: progress.isUnfinished || !isThrough,
      suspects,
      brokenNewcomers,
      unreadable,
    };
  };
};
