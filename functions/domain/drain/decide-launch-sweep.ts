import type { Rule } from '../../events/policy.ts';
import { isComplete } from '../group-units.ts';
import { type LaunchRecord, stuckInstances } from '../launches/launch-record.ts';
import { lowestMode, type Mode } from '../mode.ts';
import { type StartDecision, startForBreaker, startForStuck } from '../signals/decide-start.ts';
import type { GroupWithLaunches } from './decide-drains.ts';

/** What a sweep over the groups of one draining rule leads to. */
export interface LaunchSweep {
  /** Groups whose breaker no execution has in hand and that need none any more. */
  closeBreakers: string[];
  start?: StartDecision & { action: 'START' };
}

/** Whether nobody needs a group's breaker any more: a launch succeeded since it moved, or nothing is missing. */
const isBreakerOver = ({ group, record }: GroupWithLaunches): boolean =>
  record.breaker !== undefined &&
  ((record.lastSuccessAt ?? '') > record.breaker.stateAt || isComplete(group));

const leftForPeople = ({ drains }: LaunchRecord): Set<string> =>
  new Set(drains.filter(({ stage }) => stage === 'LEFT').map(({ instanceId }) => instanceId));

/**
 * Decides what a draining rule needs that no execution does: who is stuck, and whose breaker is left. While an open
 * incident drains any of its groups nothing is needed, for that one sees all the rest.
 *
 * @param rule a rule that drains, whatever starts it
 * @param groups its groups, observed just now
 * @param inHand groups that an open incident drains
 * @param mode what may happen in the stage; in a dry run, of the stage or of the rule, a breaker, which only a live run can probe, starts nothing
 * @param now ISO 8601
 */
export const decideLaunchSweep = (
  rule: Rule,
  groups: GroupWithLaunches[],
  inHand: Set<string>,
  mode: Mode,
  now: string,
): LaunchSweep => {
  if (groups.some(({ group }) => inHand.has(group.autoScalingGroupName))) return { closeBreakers: [] };
  const closeBreakers = groups.filter(isBreakerOver).map(({ group }) => group.autoScalingGroupName);
  const needed = rule.when.stuckInstances;
  const [longest] = groups
    .map(({ group, record }) => {
      const left = leftForPeople(record);
      const stuck = stuckInstances(record, group, rule.drain?.olderThanSeconds ?? 0, now);
      return {
        name: group.autoScalingGroupName,
        stuck: stuck.filter(({ instanceId }) => !left.has(instanceId)),
      };
    })
    .filter(({ stuck }) => needed !== undefined && stuck.length >= needed)
    .flatMap(({ name, stuck: [first] }) => (first === undefined ? [] : [{ name, first }]))
    .sort((a, b) => b.first.waitedSeconds - a.first.waitedSeconds);
  if (longest !== undefined) {
    return { closeBreakers, start: startForStuck(rule, longest.name, longest.first, now) };
  }
  const ruleMode = lowestMode(mode, rule.dryRun === true ? 'dry-run' : 'live');
  const broken = groups.find((seen) => seen.record.breaker !== undefined && !isBreakerOver(seen));
  if (broken?.record.breaker === undefined || ruleMode !== 'live') return { closeBreakers };
  const { autoScalingGroupName } = broken.group;
  return { closeBreakers, start: startForBreaker(rule, autoScalingGroupName, broken.record.breaker, now) };
};
