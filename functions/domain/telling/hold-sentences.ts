import { type AutoScalingGroup, optInTag } from '../auto-scaling-group.ts';
import { bounded } from '../bounded.ts';
import { type BrokenNewcomer, isFoundByChecks } from '../holds/broken-newcomers.ts';
import type { ApplyDecision } from '../holds/decide-apply.ts';
import type { HoldDecision, HoldFacts } from '../holds/decide-hold.ts';
import type { ReleaseFacts } from '../holds/decide-release.ts';
import type { Explanation } from '../holds/explain-overrides.ts';
import { isInstance, type Setting } from '../holds/group-record.ts';
import type { LeaveFacts, RaiseDecision } from '../holds/plan-raise.ts';
import type { Incident } from '../incident.ts';
import { mostSucceedSeconds, replacingSecondsMax } from '../limits.ts';
import { remediations } from '../remediations.ts';
import { counted, firstOf, spokenDuration, spokenTime } from '../times.ts';
import {
  keepInstanceCommand,
  optInCommand,
  protectCommand,
  removeProtectionCommand,
  replaceInstanceCommand,
  resumeProcessesCommand,
  setDesiredCapacityCommand,
  suspendProcessesCommand,
} from './commands.ts';

/** A line with a command is never cut, and has its bounds. */
const idsInCommand = 20;

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
      return 'the alarm has too little data: a network metric often vanishes together with its network path';
    case 'OK_WITHOUT_DATA':
      return 'the alarm is OK only because no data came: a network metric often vanishes together with its network path';
    case 'ALARM_UNREADABLE':
      return `the alarm cannot be read (${facts.error})`;
    case 'ALARM_DELETED':
      return 'the alarm no longer exists';
    case 'BY_HAND':
      return 'started by hand';
    case 'LAUNCHES_UNREADABLE':
      return 'the launches of the groups cannot be read';
    case 'LAUNCHES_FAIL':
      return `launches have not succeeded yet in ${counted(facts.waitingGroups, 'group')}, so the hold goes on`;
    case 'LAUNCHES_UNPROVEN':
      return `the alarm is OK, and in ${counted(facts.groups, 'group')} no launch has succeeded since the last one failed`;
    case 'LAUNCHES_QUIET':
      return 'no instance is missing and none was launched';
    case 'LAUNCHES_SUCCEED_IN_MOST_GROUPS':
      return `launches have succeeded again in most of its groups for ${spokenDuration(mostSucceedSeconds)}; another execution has begun for each of the others: ${firstOf(facts.stillFailing)}`;
    case 'LAUNCHES_SUCCEED':
      return 'launches succeed again';
    case 'KILL_SWITCH_UNREADABLE':
      return 'the kill switch cannot be read';
    case 'KILL_SWITCH':
      return `the mode was set to ${facts.mode}`;
    case 'EXPIRED':
      return `the hold expired at ${spokenTime(facts.expiresAt)}; ${tellFacts(facts.otherwise)}`;
    case 'HELD_AT_MOST':
      return `the hold has lasted ${spokenDuration(facts.heldSeconds)}, the most that holdAtMost allows`;
    case 'ROUNDS_MAX':
      return `the execution has made ${facts.rounds} rounds, the most that one execution can make`;
    case 'RELEASING':
      return facts.reason ?? 'the hold is being given back already';
  }
};

/** Why a hold goes on, and until when; or why it ends. */
export const tellHold = (decision: HoldDecision): string =>
  decision.action === 'KEEP' && decision.lastsUntil !== undefined
    ? `${tellFacts(decision)}; the hold lasts until ${spokenTime(decision.lastsUntil)}`
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
      return 'held: instances that came into service since are protected too';
    case 'TAKEN_BACK':
      return `held, except for what a person or a tool took back: ${firstOf(newlyOverridden)}`;
    case 'IN_FORCE_ALREADY':
      return 'held: everything was in force already';
  }
};

/** Who may have changed a group, as far as its tags tell: nothing says for certain. */
const whoever = (tags: Record<string, string>, settings: Setting[]): string => {
  const stack = tags['aws:cloudformation:stack-name'];
  const isEcs = 'AmazonECSManaged' in tags && settings.some(isInstance);
  return [
    'a person or a tool such as Terraform',
    ...(isEcs ? ['Amazon ECS'] : []),
    ...(stack === undefined ? [] : [`an update of the CloudFormation stack ${bounded(stack, 128)}`]),
  ].join(', or ');
};

/** Settings as people name them: `ReplaceUnhealthy and Terminate run again`, `i-1 is no longer protected from scale-in`. */
const tellTakenBack = (settings: Setting[]): string => {
  const processes = settings.filter((setting) => !isInstance(setting));
  const instances = settings.filter(isInstance);
  return [
    ...(processes.length === 0
      ? []
      : [`resumed ${processes.length === 1 ? 'the process' : 'the processes'} ${firstOf(processes)}`]),
    ...(instances.length === 0
      ? []
      : [
          `removed the scale-in protection of ${counted(instances.length, 'instance')} (${firstOf(instances, 10)})`,
        ]),
  ].join(' and ');
};

/** What may happen in the group now, where it costs instances. */
const tellDanger = (settings: Setting[]): string =>
  settings.some((setting) => setting === 'Terminate' || isInstance(setting))
    ? '. So Auto Scaling may terminate instances there now'
    : '';

/** That somebody took back what Holdfast had put in force in a group with these tags. */
export const tellOverridden = (settings: Setting[], tags: Record<string, string>): string =>
  `${whoever(tags, settings)} ${tellTakenBack(settings)}, against this hold${tellDanger(settings)}`;

/** Who took back what Holdfast had put in force, when and with what, as CloudTrail tells it. */
export const tellExplanation = ({ settings, event: { at, who, tool } }: Explanation): string =>
  `at ${spokenTime(at)} ${who} ${tellTakenBack(settings)}${tool === undefined ? '' : `, with ${tool}`} (CloudTrail)`;

/** How a person sets again what was taken back. */
export const overriddenTodo = (region: string, name: string, settings: Setting[]): string[] => {
  const processes = settings.filter((setting) => !isInstance(setting));
  const instances = settings.filter(isInstance);
  const lead = 'If that was not meant so';
  return [
    ...(processes.length === 0
      ? []
      : [
          `${lead}, suspend ${firstOf(processes)} again: ${suspendProcessesCommand(region, name, processes)}`,
          `If you suspended ${processes.length === 1 ? 'it' : 'them'}, let ${processes.length === 1 ? 'it' : 'them'} run again after the outage, because Holdfast does not: ${resumeProcessesCommand(region, name, processes)}`,
        ]),
    ...(instances.length === 0
      ? []
      : [
          `${lead}, protect ${counted(instances.length, 'instance')} again${instances.length > idsInCommand ? `, ${idsInCommand} at a time` : ''}, and remove that after the outage: ${protectCommand(region, name, instances.slice(0, idsInCommand))}`,
        ]),
  ];
};

/** That an update of the group's stack took back what Holdfast had put in force: which processes it suspends is in its template. */
export const tellTakenBackByUpdate = (settings: Setting[]): string =>
  `an update of its CloudFormation stack is in progress, and the update or a person ${tellTakenBack(settings)}; Holdfast sets that again once the update has ended`;

/** That the update of the group's stack is over. */
export const tellUpdateEnded =
  'the update of its CloudFormation stack has ended; Holdfast sets again what the update took back';

/** That the group of a record is gone, and that another one has its name. */
export const tellReplaced =
  'the group was deleted, and a new group has its name; the hold of the old group ended with it';

const countedInstances = (ids: string[]): string =>
  `${counted(ids.length, 'instance')} (${firstOf(ids, 10)})`;

const whyBroken: Record<BrokenNewcomer['because'], string> = {
  TARGET_UNHEALTHY: 'unhealthy in a target group',
  STATUS_IMPAIRED: 'status checks fail',
};

/** That instances came into service lately and do not work: nothing else tells them from the others. */
export const tellBrokenNewcomers = (
  group: Pick<AutoScalingGroup, 'checksEc2Only'>,
  broken: BrokenNewcomer[],
): string => {
  const one = broken.length === 1;
  const why = [...Map.groupBy(broken, ({ because }) => because)].map(
    ([because, some]) =>
      `${whyBroken[because]}: ${firstOf(
        some.map(({ instanceId }) => instanceId),
        10,
      )}`,
  );
  const slots = one ? 'It occupies a slot' : 'They occupy slots';
  const never = broken.every((each) => isFoundByChecks(group, each))
    ? ''
    : ', and later none does either: the health checks of the group do not ask its target groups';
  return `${counted(broken.length, 'instance')} that came into service lately ${one ? 'does' : 'do'} not work (${why.join('; ')}). ${slots} in the group, and no health check marks ${one ? 'it' : 'them'} while HealthCheck is suspended${never}`;
};

/** What a person can do about instances that came lately and do not work. */
export const brokenNewcomersTodo = (region: string, [first, ...others]: string[]): string[] =>
  first === undefined
    ? []
    : [
        `Find out whether ${others.length === 0 ? 'the instance is' : `the ${others.length + 1} instances are`} really broken, or only ${others.length === 0 ? 'looks' : 'look'} so in this outage. If ${others.length === 0 ? 'it is' : 'they are'}, and new launches work, replace ${others.length === 0 ? 'it' : `${first}, and then each of the others`} (this terminates the instance and cannot be undone): ${replaceInstanceCommand(region, first)}`,
      ];

/** Why something of a group is written down, or given back. */
export const tellRelease = (facts: ReleaseFacts): string => {
  switch (facts.because) {
    case 'NO_DESCRIPTION':
      return 'AWS does not describe the group; Holdfast looks again';
    case 'NO_SUCH_GROUP':
      return 'the group no longer exists';
    case 'GROUP_IS_THERE_AGAIN':
      return 'AWS describes the group again';
    case 'REPLACED_BY_ANOTHER':
      return 'the group was deleted, and a new group has its name';
    case 'BEING_DELETED':
      return `the group is being deleted (${facts.status})`;
    case 'HEALTH_SETTLES':
      return `HealthCheck runs again; for ${facts.settleSeconds} s it judges the instances anew, before anything may act on what it finds`;
    case 'BROKEN_NEWCOMERS':
      return `the group may now replace ${countedInstances(facts.instanceIds)} that came during the hold and ${facts.instanceIds.length === 1 ? 'does' : 'do'} not work; until it has, and for ${spokenDuration(replacingSecondsMax)} at most, the other instances stay protected from scale-in`;
    case 'BROKEN_NEWCOMERS_GONE':
      return 'the broken instances are no longer in service';
    case 'BROKEN_NEWCOMERS_ELSEWHERE':
      return 'another hold has the group now, so this one does not wait until the broken instances are replaced';
    case 'BROKEN_NEWCOMERS_STAY':
      return `after ${spokenDuration(facts.seconds)} the group has not replaced ${countedInstances(facts.instanceIds)}, which did not work when Holdfast last looked; the other instances are no longer protected from scale-in`;
    case 'NO_HOLD_WANTS_IT':
      return 'no hold needs it any more';
    case 'GIVEN_BACK_UNSEEN':
      return 'given back; AWS does not show it yet';
    case 'GIVEN_BACK':
      return 'given back, and AWS shows it';
    case 'NOTHING_LEFT':
      return 'nothing is left to give back: other holds need it still, or others had set it before';
    case 'NEVER_HELD':
      return 'there is nothing to give back: as far as Holdfast knows, the group was never held';
    case 'PASSES_THROUGH':
      return `the protection of ${facts.instanceId} cannot be changed in its present state; Holdfast waits for it`;
    case 'STAYED_PROTECTED':
      return `${firstOf(facts.settings)} stayed in a state in which scale-in protection cannot be removed`;
    case 'IN_FORCE_AGAIN':
      return `Holdfast gave back ${firstOf(facts.settings)}, and then a person or a tool set ${facts.settings.length === 1 ? 'it' : 'them'} again; Holdfast leaves that alone`;
  }
};

/** What a person can do about what a step back leaves as it is. */
export const releaseTodo = (region: string, name: string, facts: ReleaseFacts): string[] => {
  switch (facts.because) {
    case 'BROKEN_NEWCOMERS_STAY':
      return brokenNewcomersTodo(region, facts.instanceIds);
    case 'STAYED_PROTECTED':
      return [
        `Once the instances are in service again, remove their scale-in protection: ${removeProtectionCommand(region, name, facts.settings.slice(0, idsInCommand))}`,
      ];
    case 'IN_FORCE_AGAIN':
      return giveBackTodo(
        region,
        name,
        facts.settings,
        'Holdfast gave this back, and somebody set it again. If nobody needs it',
      );
    default:
      return [];
  }
};

/** How a person gives settings of a group back. */
const giveBackTodo = (region: string, name: string, settings: Setting[], when: string): string[] => {
  const processes = settings.filter((setting) => !isInstance(setting));
  const instances = settings.filter(isInstance);
  return [
    ...(processes.length === 0
      ? []
      : [`${when}, resume ${firstOf(processes)}: ${resumeProcessesCommand(region, name, processes)}`]),
    ...(instances.length === 0
      ? []
      : [
          `${when}, remove the scale-in protection of ${counted(instances.length, 'instance')}${instances.length > idsInCommand ? `, ${idsInCommand} at a time` : ''}: ${removeProtectionCommand(region, name, instances.slice(0, idsInCommand))}`,
        ]),
  ];
};

/** That instances are marked unhealthy, and what becomes of them once their group is given back. */
export const tellMarkedUnhealthy = (ids: string[], instances: number): string =>
  `${ids.length} of ${counted(instances, 'instance')} ${ids.length === 1 ? 'is' : 'are'} marked unhealthy, and Auto Scaling replaces ${ids.length === 1 ? 'it' : 'them'} as soon as ReplaceUnhealthy runs: ${firstOf(ids, 10)}`;

/** What a person can do about instances that are marked unhealthy. */
export const markedUnhealthyTodo = (region: string, [first, ...others]: string[]): string[] =>
  first === undefined
    ? []
    : [
        `Auto Scaling will replace ${others.length === 0 ? 'an instance that is' : `${others.length + 1} instances that are`} marked unhealthy. If ${others.length === 0 ? 'it' : first} works, keep it${others.length === 0 ? '' : ', and likewise each of the others'}: ${keepInstanceCommand(region, first)}`,
      ];

/** Why a group may not be given back any more. */
export const tellNotGivenBack = (inForce: Setting[]): string =>
  `the group no longer carries the tag ${optInTag.key}=${optInTag.value}, so Holdfast may not change it. Still suspended or protected: ${firstOf(inForce)}`;

/** What a person can do about a group that may not be given back. */
export const notGivenBackTodo = (region: string, name: string, inForce: Setting[]): string[] => [
  `If the tag ${optInTag.key}=${optInTag.value} was removed by mistake, put it back, and Holdfast gives the group back within minutes: ${optInCommand(region, name)}`,
  ...giveBackTodo(region, name, inForce, 'If it was removed on purpose'),
];

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

/** What becomes of the desired capacity of a group. */
export const tellRaise = (raise: RaiseDecision & { action: 'RAISE' | 'LEAVE' }): string => {
  const { from, highest, since, to } = raise;
  if (raise.action === 'RAISE') {
    return `Holdfast raises desired capacity from ${from} to ${to}, by what scaling policies took away during the hold`;
  }
  const fell = `desired capacity fell from ${highest} to ${from} since ${spokenTime(since)}, and Holdfast leaves it so`;
  return to === undefined
    ? `${fell}: ${tellLeft(raise)}`
    : `${fell}: ${tellLeft(raise)}. The group may end the instances above it`;
};

/** How a person changes what became of the desired capacity of a group. */
export const raiseTodo = (region: string, raise: RaiseDecision & { action: 'RAISE' | 'LEAVE' }): string[] => {
  const command = (capacity: number): string =>
    setDesiredCapacityCommand(region, raise.autoScalingGroupName, capacity);
  if (raise.action === 'RAISE')
    return [
      `Holdfast raised desired capacity to ${raise.to}. If that is too much, set it back to ${raise.from}: ${command(raise.from)}`,
    ];
  return raise.to === undefined
    ? []
    : [
        `Desired capacity is ${raise.from}, and the group may end what is above it. To keep all, set it to ${raise.to}: ${command(raise.to)}`,
      ];
};
