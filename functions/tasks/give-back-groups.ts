import pMap from 'p-map';
import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { Clock } from '../clock.ts';
import { markedUnhealthy } from '../domain/auto-scaling-group.ts';
import { decideRelease, type ReleaseDecision } from '../domain/decide-release.ts';
import type { Incident, JournalEntry } from '../domain/incident.ts';
import { changeBudgetSeconds, groupsAtOnce, soonSeconds } from '../domain/limits.ts';
import { secondsBetween } from '../domain/times.ts';
import type { Store } from '../state/store.ts';
import { describeAwsError } from './aws-error.ts';
import { changeGroup } from './change-group.ts';
import { lookAtGroups, type SeenGroup } from './look-at-groups.ts';
import { createGroupNotes } from './note-group.ts';

/** What giving groups back needs. */
export interface GiveBackDependencies {
  autoScaling: AutoScaling;
  store: Store;
  clock: Clock;
  newOwner: () => string;
}

/** What one look at all groups of an incident that ends led to. */
export interface GiveBackResult {
  /** Groups in which something of the incident is left. */
  remaining: number;
  /** Of these, groups that only a person can give back, with the reason. */
  refused: string[];
  waitSeconds: number;
}

/** A group's outcome: done, seconds after which to look again, or why only a person can go on. */
type GroupOutcome = { done: true } | { done: false; waitSeconds: number } | { done: false; refused: string };

const eventOf = (decision: ReleaseDecision & { action: 'WRITE' }): JournalEntry['event'] => {
  if (decision.needsPerson) return 'failed';
  if (decision.isGone) return 'gone';
  return decision.isDone ? 'given-back' : 'giving-back';
};

/**
 * Takes every group of an incident one stage further on its way back. Called until nothing remains, by the state
 * machine or by the sweep; both at once is harmless.
 *
 * @param startedAt when the function began, so that several calls of one function share its time
 */
export const giveBackGroups = async (
  { autoScaling, store, clock, newOwner }: GiveBackDependencies,
  incident: Incident,
  startedAt: string = clock.now(),
): Promise<GiveBackResult> => {
  const { incidentId } = incident;
  const isInTime = () => secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;

  const decide = ({ group, record }: Pick<SeenGroup, 'group' | 'record'>): ReleaseDecision =>
    decideRelease(group, record, incidentId, incident.settings.settleSeconds, newOwner(), clock.now());

  /**
   * Desired capacity is set to a number, and a scale-out since the page was described would be undone by it: whoever
   * sets it looks again right before.
   */
  const decideFreshly = async (seen: SeenGroup): Promise<ReleaseDecision> => {
    const decision = decide(seen);
    const setsDesired =
      decision.action === 'WRITE' &&
      decision.calls.some(({ operation }) => operation === 'SetDesiredCapacity');
    if (!setsDesired) return decision;
    const [group] = await autoScaling.describeAutoScalingGroups([seen.name]);
    return decide({ ...seen, group });
  };

  const giveBackGroup = async (seen: SeenGroup, journal: JournalEntry[]): Promise<GroupOutcome> => {
    const note = createGroupNotes(journal, clock, seen.name);
    let decision: ReleaseDecision;
    try {
      decision = await decideFreshly(seen);
    } catch (error) {
      note('failed', `${describeAwsError(error)}; tried again`);
      return { done: false, waitSeconds: soonSeconds };
    }
    switch (decision.action) {
      case 'DONE':
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
      note('failed', `${describeAwsError(error)}; tried again`, decision.calls);
      return { done: false, waitSeconds: soonSeconds };
    }
    note(eventOf(decision), decision.reason, decision.calls);
    const unhealthy = seen.group === undefined ? [] : markedUnhealthy(seen.group);
    if (unhealthy.length > 0 && decision.calls.length > 0) {
      const ids = unhealthy.map(({ instanceId }) => instanceId);
      note(
        'unhealthy',
        `${ids.length} of ${seen.group?.instances.length} instances are marked unhealthy and will be replaced once ReplaceUnhealthy runs: ${ids.slice(0, 20).join(', ')}. To keep one that is well: aws autoscaling set-instance-health --health-status Healthy --instance-id ${ids[0]}`,
      );
    }
    return decision.isDone ? { done: true } : { done: false, waitSeconds: soonSeconds };
  };

  let remaining = 0;
  const refused: string[] = [];
  const waits: number[] = [];
  for await (const page of lookAtGroups(store, autoScaling, await store.readIncidentGroups(incidentId))) {
    const journal: JournalEntry[] = [];
    if ('unreadable' in page) {
      remaining += page.names.length;
      waits.push(soonSeconds);
      journal.push({
        at: clock.now(),
        event: 'failed',
        message: `${page.names.length} groups cannot be read (${page.unreadable}); tried again`,
      });
    } else {
      const outcomes = await pMap(
        page.seen,
        (seen): Promise<GroupOutcome> | GroupOutcome =>
          isInTime() ? giveBackGroup(seen, journal) : { done: false, waitSeconds: soonSeconds },
        { concurrency: groupsAtOnce, stopOnError: false },
      );
      for (const outcome of outcomes) {
        if (outcome.done) continue;
        remaining += 1;
        if ('refused' in outcome) refused.push(outcome.refused);
        else waits.push(outcome.waitSeconds);
      }
    }
    if (journal.length > 0) await store.appendJournal(incidentId, journal);
  }
  return { remaining, refused, waitSeconds: Math.max(soonSeconds, Math.min(...waits, 600)) };
};
