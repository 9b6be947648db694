import { type AutoScalingGroup, optInTag } from '../auto-scaling-group.ts';
import { bounded } from '../bounded.ts';
import { type BrokenNewcomer, isFoundByChecks } from '../holds/broken-newcomers.ts';
import type { ApplyDecision } from '../holds/decide-apply.ts';
import type { HoldDecision, HoldFacts } from '../holds/decide-hold.ts';
import type { ReleaseFacts } from '../holds/decide-release.ts';
import { isInstance, type Setting } from '../holds/group-record.ts';
import type { FellFacts, LeaveFacts, RaiseDecision } from '../holds/plan-raise.ts';
import type { Incident } from '../incident.ts';
import { replacingSecondsMax } from '../limits.ts';
import { remediations } from '../remediations.ts';
import { awsCommand } from '../shell.ts';
import { counted, firstOf, spokenDuration, spokenTime } from '../times.ts';

/** What a decision about a hold rests on. */
const tellFacts = (facts: HoldFacts): string => {
  switch (facts.because) {
    case 'IN_ALARM':
      return 'the alarm is in ALARM, so the hold goes on';
    case 'COOLING_OFF':
      return `the alarm has been OK for ${spokenDuration(facts.okSeconds)} of ${spokenDuration(facts.coolOffSeconds)}`;
    case 'COOLED_OFF':
      return `the alarm has been OK for ${spokenDuration(facts.okSeconds)}`;
    case 'INSUFFICIENT_DATA':
      return 'the alarm has too little data, and a network metric often vanishes with its path';
    case 'OK_WITHOUT_DATA':
      return 'the alarm is OK only because no data came, and a network metric often vanishes with its path';
    case 'ALARM_UNREADABLE':
      return `the alarm cannot be read (${facts.error})`;
    case 'ALARM_DELETED':
      return 'the alarm does not exist any more';
    case 'BY_HAND':
      return 'started by hand';
    case 'LAUNCHES_UNREADABLE':
      return 'the launches of its groups cannot be read';
    case 'LAUNCHES_FAIL':
      return `launches have not succeeded yet in ${counted(facts.waitingGroups, 'group')}, so the hold goes on`;
    case 'LAUNCHES_UNPROVEN':
      return `the alarm is OK, and in ${counted(facts.groups, 'group')} no launch has succeeded since the last one failed`;
    case 'LAUNCHES_QUIET':
      return 'nothing is missing and nothing was launched';
    case 'LAUNCHES_SUCCEED':
      return 'launches succeed again';
    case 'KILL_SWITCH_UNREADABLE':
      return 'the kill switch cannot be read';
    case 'KILL_SWITCH':
      return `the mode was set to ${facts.mode}`;
    case 'EXPIRED':
      return `the hold expired at ${facts.expiresAt}; ${tellFacts(facts.otherwise)}`;
    case 'HELD_AT_MOST':
      return `held for ${spokenDuration(facts.heldSeconds)}, the most that holdAtMost allows`;
    case 'ROUNDS_MAX':
      return `${facts.rounds} rounds were made, the most that one execution can`;
    case 'RELEASING':
      return facts.reason ?? 'it is being given back already';
  }
};

/** Why a hold goes on, and until when; or why it ends. */
export const tellHold = (decision: HoldDecision): string =>
  decision.action === 'KEEP' && decision.lastsUntil !== undefined
    ? `${tellFacts(decision)}; the hold lasts until ${decision.lastsUntil}`
    : tellFacts(decision);

/** That settings were put in force in a group, and for what. */
export const tellApplied = (
  { because, newlyOverridden }: ApplyDecision & { action: 'WRITE' },
  { remediation, reason }: Incident,
): string => {
  switch (because) {
    case 'ASKED_FOR':
      return `held: ${remediations[remediation].imposedBecause ?? reason}`;
    case 'NEW_INSTANCES':
      return 'held: instances that came into service meanwhile are protected too';
    case 'TAKEN_BACK':
      return `held: a person or a tool took back ${firstOf(newlyOverridden)}`;
    case 'IN_FORCE_ALREADY':
      return 'held: everything was in force already';
  }
};

/** Who may have changed a group, as far as its tags tell: nothing says for certain. */
const whoever = (tags: Record<string, string>, settings: Setting[]): string => {
  const stack = tags['aws:cloudformation:stack-name'];
  const isEcs = 'AmazonECSManaged' in tags && settings.some(isInstance);
  return [
    ...(isEcs ? ['Amazon ECS'] : []),
    ...(stack === undefined ? [] : [`an update of the CloudFormation stack ${bounded(stack, 128)}`]),
    'a person or a tool, such as Terraform,',
  ].join(', ');
};

/** That somebody took back what Holdfast had put in force in a group with these tags. */
export const tellOverridden = (settings: Setting[], tags: Record<string, string>): string =>
  `${whoever(tags, settings)} took back ${firstOf(settings)} meanwhile; left alone from now on`;

/** That an update of the group's stack took back what Holdfast had put in force: which processes it suspends is in its template. */
export const tellTakenBackByUpdate = (settings: Setting[]): string =>
  `while an update of its CloudFormation stack is in progress, ${firstOf(settings)} was taken back, by the update or by a person; put in force again once the update has ended`;

/** That the update of the group's stack is over. */
export const tellUpdateEnded =
  'the update of its CloudFormation stack has ended; what it took back is put in force again';

/** That the group of a record is gone, and that another one has its name. */
export const tellReplaced =
  'the group was deleted, and another one was made under its name; what was held of the old one ended with it';

const countedInstances = (ids: string[]): string =>
  `${counted(ids.length, 'instance')} (${firstOf(ids, 10)})`;

/** How a person has one instance ended and another one launched in its place. */
const tellEndCommand = (instanceId: string): string =>
  `To end one and have another launched: ${awsCommand('autoscaling', 'terminate-instance-in-auto-scaling-group', '--instance-id', instanceId, '--no-should-decrement-desired-capacity')}`;

const whyBroken: Record<BrokenNewcomer['because'], string> = {
  TARGET_UNHEALTHY: 'unhealthy in a target group',
  STATUS_IMPAIRED: 'its status checks fail',
};

/** That instances came into service lately and do not work: nothing else tells them from the others. */
export const tellBrokenNewcomers = (
  group: Pick<AutoScalingGroup, 'checksEc2Only'>,
  broken: BrokenNewcomer[],
): string => {
  const named = broken.map(({ instanceId, because }) => `${instanceId} (${whyBroken[because]})`);
  const one = broken.length === 1;
  return `${counted(broken.length, 'instance')} that came lately ${one ? 'does' : 'do'} not work: ${firstOf(named, 10)}. ${one ? 'It fills a place' : 'They fill places'} in the group, and no health check marks ${one ? 'it' : 'them'} as long as HealthCheck is suspended${broken.every((each) => isFoundByChecks(group, each)) ? '' : ', nor afterwards: the health checks of the group do not ask its target groups'}. ${tellEndCommand(broken[0]?.instanceId ?? '')}`;
};

/** Why something of a group is written down, or given back. */
export const tellRelease = (facts: ReleaseFacts): string => {
  switch (facts.because) {
    case 'NO_DESCRIPTION':
      return 'no description has the group; it is looked at again';
    case 'NO_SUCH_GROUP':
      return 'the group does not exist any more';
    case 'GROUP_IS_THERE_AGAIN':
      return 'the group is there again';
    case 'REPLACED_BY_ANOTHER':
      return 'the group was deleted, and another one has its name now';
    case 'BEING_DELETED':
      return `the group is being deleted (${facts.status})`;
    case 'HEALTH_SETTLES':
      return `health is judged afresh for ${facts.settleSeconds} s before anything may act on it`;
    case 'BROKEN_NEWCOMERS':
      return `instances came during the hold that do not work: the group may now replace ${countedInstances(facts.instanceIds)}. Until it has, the other instances stay protected from scale-in, for ${spokenDuration(replacingSecondsMax)} at most`;
    case 'BROKEN_NEWCOMERS_GONE':
      return 'no instance that did not work when last looked at is left in service';
    case 'BROKEN_NEWCOMERS_ELSEWHERE':
      return 'another hold has the group by now, and the replacement of instances that do not work is not waited for';
    case 'BROKEN_NEWCOMERS_STAY':
      return `after ${spokenDuration(facts.seconds)} the group has not replaced ${countedInstances(facts.instanceIds)}, which did not work when last looked at; the other instances are not protected from scale-in any longer. ${tellEndCommand(facts.instanceIds[0] ?? '')}`;
    case 'NO_HOLD_WANTS_IT':
      return 'no hold wants it any more';
    case 'GIVEN_BACK_UNSEEN':
      return 'given back; not seen to be so yet';
    case 'GIVEN_BACK':
      return 'given back, and seen to be so';
    case 'NOTHING_LEFT':
      return 'nothing is left to give back: others still claim it, or had put it there';
    case 'PASSES_THROUGH':
      return `${facts.instanceId} cannot be given back in its present state; it is waited for`;
    case 'STAYED_PROTECTED':
      return `${firstOf(facts.settings)} stayed in a state in which protection cannot be removed. Remove it by hand once it is in service`;
    case 'IN_FORCE_AGAIN':
      return `${firstOf(facts.settings)} was given back and is in force again: somebody or something else put it there, so it is left. Take it back by hand if it should be gone`;
  }
};

/** That instances are marked unhealthy, and what becomes of them once their group is given back. */
export const tellMarkedUnhealthy = (ids: string[], instances: number): string =>
  `${ids.length} of ${instances} instances are marked unhealthy and will be replaced once ReplaceUnhealthy runs: ${ids.slice(0, 20).join(', ')}. To keep one that is well: aws autoscaling set-instance-health --health-status Healthy --instance-id ${ids[0]}`;

/** Why a group may not be given back any more, and what a person can do. */
export const tellNotGivenBack = (inForce: Setting[]): string =>
  `the group no longer carries the tag ${optInTag.key}=${optInTag.value}, so Holdfast may not touch it; put the tag back, or give back ${firstOf(inForce)} by hand`;

const tellLeft = (facts: LeaveFacts): string => {
  switch (facts.because) {
    case 'UNITS_UNKNOWN':
      return `its sizes count ${facts.countsUnits}, and AWS does not say how much each instance counts`;
    case 'MINIMUM_LOWERED':
      return `somebody lowered its minimum from ${facts.before} to ${facts.now}`;
    case 'MAXIMUM_LOWERED':
      return `somebody lowered its maximum from ${facts.before} to ${facts.now}`;
    case 'SCHEDULED': {
      const names = facts.actions.map((name) => bounded(name, 60));
      return `the scheduled ${names.length === 1 ? 'action' : 'actions'} ${firstOf(names, 3)} set its sizes meanwhile`;
    }
    case 'NO_POLICY_LOWERS_IT':
      return 'it has no enabled scaling policy that lowers it, so somebody did';
    case 'POLICIES_SUSPENDED':
      return 'its scaling policies were suspended all the while, so somebody did';
  }
};

const setDesiredCommand = ({ autoScalingGroupName, region }: FellFacts, capacity: number): string =>
  awsCommand(
    ...['autoscaling', 'set-desired-capacity', '--auto-scaling-group-name', autoScalingGroupName],
    ...['--desired-capacity', capacity, ...(region === undefined ? [] : ['--region', region])],
  );

/** What becomes of the desired capacity of a group, and how a person can change it. */
export const tellRaise = (raise: RaiseDecision & { action: 'RAISE' | 'LEAVE' }): string => {
  const { from, highest, since, to } = raise;
  if (raise.action === 'RAISE') {
    return `desired capacity is raised from ${from} to ${to}, by what scaling policies took away meanwhile. To set it back: ${setDesiredCommand(raise, from)}`;
  }
  const fell = `desired capacity fell from ${highest} to ${from} since ${spokenTime(since)}, and is left so`;
  return to === undefined
    ? `${fell}: ${tellLeft(raise)}`
    : `${fell}, because ${tellLeft(raise)}; the group may end what is above it. To keep that: ${setDesiredCommand(raise, to)}`;
};
