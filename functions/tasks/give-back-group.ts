import { markedUnhealthy } from '../domain/auto-scaling-group.ts';
import { decideRelease, type ReleaseDecision } from '../domain/decide-release.ts';
import type { Incident, JournalEntry } from '../domain/incident.ts';
import { soonSeconds } from '../domain/limits.ts';
import { describeAwsError } from './aws-error.ts';
import { changeGroup, type GroupDependencies } from './change-group.ts';
import { lookAgain } from './look-again.ts';
import type { SeenGroup } from './look-at-groups.ts';
import { createGroupNotes } from './note-group.ts';
import { tendHoldTag } from './tend-hold-tag.ts';

/** A group's outcome: done, seconds after which to look again, or why only a person can go on. */
export type GiveBackOutcome =
  | { done: true }
  | { done: false; waitSeconds: number }
  | { done: false; refused: string };

const eventOf = (decision: ReleaseDecision & { action: 'WRITE' }): JournalEntry['event'] => {
  if (decision.needsPerson) return 'failed';
  if (decision.isGone) return 'gone';
  return decision.isDone ? 'given-back' : 'giving-back';
};

/**
 * Desired capacity is set to a number, and a scale-out since the page was described would be undone by it: whoever
 * sets it looks again right before.
 */
const decideFreshly = async (
  { autoScaling, clock, newOwner }: GroupDependencies,
  incident: Incident,
  seen: SeenGroup,
): Promise<ReleaseDecision> => {
  const decide = ({ group, record }: Pick<SeenGroup, 'group' | 'record'>): ReleaseDecision =>
    decideRelease(
      group,
      record,
      incident.incidentId,
      incident.settings.settleSeconds,
      newOwner(),
      clock.now(),
    );
  const decision = decide(seen);
  const setsDesired =
    decision.action === 'WRITE' && decision.calls.some(({ operation }) => operation === 'SetDesiredCapacity');
  if (!setsDesired) return decision;
  const [group] = await autoScaling.describeAutoScalingGroups([seen.name]);
  return decide({ ...seen, group });
};

/** Takes one group of an incident one stage further on its way back. */
export const giveBackGroup = async (
  dependencies: GroupDependencies,
  incident: Incident,
  seen: SeenGroup,
  journal: JournalEntry[],
  looks = 1,
): Promise<GiveBackOutcome> => {
  const { autoScaling, store, clock } = dependencies;
  const note = createGroupNotes(journal, clock, seen.name);
  let decision: ReleaseDecision;
  try {
    decision = await decideFreshly(dependencies, incident, seen);
  } catch (error) {
    note('failed', `${describeAwsError(error)}; tried again`);
    return { done: false, waitSeconds: soonSeconds };
  }
  switch (decision.action) {
    case 'DONE':
      await tendHoldTag(dependencies, incident.incidentId, seen, journal);
      return { done: true };
    case 'WAIT':
      return { done: false, waitSeconds: decision.seconds };
    case 'BUSY':
      return { done: false, waitSeconds: soonSeconds };
    case 'REFUSE':
      return { done: false, refused: `${seen.name}: ${decision.reason}` };
    case 'WRITE':
      break;
  }
  try {
    await changeGroup(store, autoScaling, decision);
  } catch (error) {
    const again = await lookAgain(dependencies, seen.name, error, looks);
    if (again !== undefined) return giveBackGroup(dependencies, incident, again, journal, looks + 1);
    note('failed', `${describeAwsError(error)}; tried again`, decision.calls);
    return { done: false, waitSeconds: soonSeconds };
  }
  note(eventOf(decision), decision.reason, decision.calls);
  const unhealthy = seen.group === undefined ? [] : markedUnhealthy(seen.group);
  if (unhealthy.length > 0 && decision.calls.length > 0) {
    const ids = unhealthy.map(({ instanceId }) => instanceId);
    note(
      // One or two are replaced as ever; half of a group is what somebody should stop in time.
      2 * ids.length >= (seen.group?.instances.length ?? 0) ? 'mostly-unhealthy' : 'unhealthy',
      `${ids.length} of ${seen.group?.instances.length} instances are marked unhealthy and will be replaced once ReplaceUnhealthy runs: ${ids.slice(0, 20).join(', ')}. To keep one that is well: aws autoscaling set-instance-health --health-status Healthy --instance-id ${ids[0]}`,
    );
  }
  if (!decision.isDone) return { done: false, waitSeconds: soonSeconds };
  await tendHoldTag(dependencies, incident.incidentId, { ...seen, record: decision.after }, journal);
  return { done: true };
};
