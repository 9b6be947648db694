import { hasTags, isOptedIn, optInTag } from '../functions/domain/auto-scaling-group.ts';
import type { JournalEntry } from '../functions/domain/journal.ts';
import type { Remediation } from '../functions/domain/remediation-names.ts';
import { matchesPattern } from '../functions/domain/signals/match-rules.ts';
import { counted, firstOf, spokenDuration } from '../functions/domain/times.ts';
import { nearestOf, nearestToPattern } from '../functions/events/nearest.ts';
import type { Policy, Rule } from '../functions/events/policy.ts';
import type { Story } from './incident.ts';

/** What a rule came to in a rehearsal. */
export interface RuleVerdict {
  rule: string;
  /** How often it started an execution. */
  starts: number;
  /** How many of these found another one at work on the same affair, and left it to that. */
  leftToAnother: number;
  /** Groups that it took, in a dry run those that it would have taken. */
  groups: string[];
  /** Why it started nothing, or took no group. */
  because?: string;
}

/** Whether a policy is any good against a story. */
export interface Verdict {
  rules: RuleVerdict[];
  /** The remediations of which one is against the trouble of the story; none where nothing is. */
  remedies: Remediation[];
  /** Whether one of them took a group that is in trouble. */
  hasRemedy: boolean;
  /** The groups in trouble, where none of them was taken and the story says which they are. */
  missed: string[];
  /** Whether no rule started, and the story has no alarm of the name that a rule waits for. */
  lacksAlarm: boolean;
  /** Whether no rule did anything, and all that Holdfast did was started by people of the story. */
  isOnlyByHand: boolean;
}

/** What of a run a verdict rests on. */
export interface RunFacts {
  executions: { machine: string; rule?: string; incidentId: string; status: string }[];
  journals: { incidentId: string; entries: JournalEntry[] }[];
  alarmsInAlarm: string[];
  /** Whether the stage only looked: then what was planned counts. */
  dryRun?: boolean;
}

/** The remediations of which one is against the trouble of a story, where it does not say so itself. */
const remediesOf = ({
  remedies,
  losses,
  launchFaults = [],
  capacityShortages = [],
}: Story): Remediation[] => {
  if (remedies !== undefined) return remedies;
  if (losses.length > 0) return ['pause-scaling'];
  return launchFaults.length + capacityShortages.length > 0
    ? ['protect-instances', 'drain-pending-wait', 'resize-in-place']
    : [];
};

/** The groups whose launches fail, where that is the only trouble of a story; `undefined` where it may be any. */
const groupsInTrouble = ({
  losses,
  launchFaults = [],
  capacityShortages = [],
}: Story): string[] | undefined =>
  losses.length + capacityShortages.length > 0 || launchFaults.length === 0
    ? undefined
    : launchFaults.flatMap(({ groups }) => groups);

/** The alarms of a story that a rule is about. */
const alarmsOf = (patterns: string[], { alarms }: Story): string[] =>
  alarms
    .map(({ alarmName }) => alarmName)
    .filter((name) => patterns.some((pattern) => matchesPattern(pattern, name)));

const whyNoAlarm = (patterns: string[], story: Story, { alarmsInAlarm }: RunFacts): string => {
  const names = story.alarms.map(({ alarmName }) => alarmName);
  const fitting = alarmsOf(patterns, story);
  if (fitting.length === 0) {
    const meant = patterns
      .map((pattern) => nearestToPattern(pattern, names))
      .find((name) => name !== undefined);
    const question = meant === undefined ? '' : `. Did you mean "${meant}"?`;
    return `no alarm of this story is called ${patterns.join(' or ')}; it has ${names.length === 0 ? 'none' : firstOf(names, 5)}${question}`;
  }
  return fitting.some((name) => alarmsInAlarm.includes(name))
    ? `its alarm ${firstOf(fitting, 3)} went into ALARM, and nothing came of it`
    : `its alarm ${firstOf(fitting, 3)} never went into ALARM`;
};

const tellTags = (tags: Record<string, string>): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' and ');

/** Why no group fits the targets of a rule; `undefined` where one does. */
const whyNoGroup = ({ targets: { tags } }: Rule, { groups }: Story): string | undefined => {
  const named = groups.filter((group) => hasTags(group, tags));
  if (named.some(isOptedIn)) return undefined;
  if (named.length > 0) {
    return `${firstOf(
      named.map(({ name }) => name),
      5,
    )} did not opt in: no tag ${optInTag.key}=${optInTag.value}`;
  }
  // The first tag that no group has.
  const [key = '', value = ''] =
    Object.entries(tags).find(([name, wanted]) => !groups.some((group) => group.tags[name] === wanted)) ??
    Object.entries(tags)[0] ??
    [];
  const others = [...new Set(groups.flatMap((group) => group.tags[key] ?? []))];
  const keys = [...new Set(groups.flatMap((group) => Object.keys(group.tags)))];
  const meant = others.length === 0 ? nearestOf(key, keys) : nearestOf(value, others);
  const here = others.length === 0 ? `no group has the tag ${key}` : `${key} is ${firstOf(others, 5)} here`;
  return `no group has ${tellTags(tags)}; ${here}${meant === undefined ? '' : `. Did you mean "${meant}"?`}`;
};

const whyNeverStarted = (rule: Rule, story: Story, run: RunFacts): string => {
  const { alarm, launchFailures, stuckInstances } = rule.when;
  if (alarm !== undefined) return whyNoAlarm(alarm, story, run);
  const noGroup = whyNoGroup(rule, story);
  if (noGroup !== undefined) return noGroup;
  if (launchFailures !== undefined) {
    return `none of its groups had ${counted(launchFailures.count, 'failed launch', 'failed launches')} within ${spokenDuration(launchFailures.withinSeconds)}`;
  }
  return `none of its groups had ${counted(stuckInstances ?? 1, 'launch', 'launches')} in Pending:Wait for longer than ${spokenDuration(rule.drain?.olderThanSeconds ?? 0)}`;
};

/** What of a journal says that something was done for a group, or in a dry run would have been. */
const takes: JournalEntry['event'][] = ['held', 'chosen', 'drained', 'breaker-opened'];

/** Whether a plan was refused as a whole: then nothing of it was done, whatever was planned before. */
const isRefusedWhole = ({ entries }: RunFacts['journals'][number]): boolean =>
  entries.some(
    ({ event, autoScalingGroupName }) => event === 'refused' && autoScalingGroupName === undefined,
  );

/** The groups that executions took, or in a dry run would have taken. */
const groupsTaken = (incidentIds: string[], { journals, dryRun = false }: RunFacts): string[] => [
  ...new Set(
    journals
      .filter((journal) => incidentIds.includes(journal.incidentId) && !(dryRun && isRefusedWhole(journal)))
      .flatMap(({ entries }) => entries)
      .flatMap(({ event, because, autoScalingGroupName: name }) =>
        name !== undefined &&
        (takes.includes(event) || (dryRun && event === 'planned' && because !== 'NOTHING'))
          ? [name]
          : [],
      ),
  ),
];

const refusalsOf = (incidentIds: string[], { journals }: RunFacts): string[] =>
  journals
    .filter(({ incidentId }) => incidentIds.includes(incidentId))
    .flatMap(({ entries }) => entries)
    .flatMap(({ event, text = '' }) => (event === 'refused' ? [text] : []));

const verdictOf = (rule: Rule, story: Story, run: RunFacts): RuleVerdict => {
  const started = run.executions.filter((execution) => execution.rule === rule.name);
  const incidentIds = started.map(({ incidentId }) => incidentId);
  const groups = groupsTaken(incidentIds, run);
  // What did its work, or could not, has a journal; what failed says so itself.
  const leftToAnother = started.filter(
    ({ status, incidentId }) =>
      status === 'SUCCEEDED' && !run.journals.some((journal) => journal.incidentId === incidentId),
  ).length;
  const base = { rule: rule.name, starts: incidentIds.length, leftToAnother, groups };
  if (incidentIds.length === 0) return { ...base, because: whyNeverStarted(rule, story, run) };
  if (groups.length > 0) return base;
  return {
    ...base,
    because:
      refusalsOf(incidentIds, run)[0] ??
      whyNoGroup(rule, story) ??
      (rule.dryRun === true ? 'its mode is dry-run, so it only planned' : 'it found nothing to do'),
  };
};

/** Judges a policy by what came of it in a run of a story: which rules started, which did not and why. */
export const judgePolicy = (policy: Policy, story: Story, run: RunFacts): Verdict => {
  const remedies = remediesOf(story);
  const began = run.executions.filter(({ machine }) => remedies.some((remedy) => machine.endsWith(remedy)));
  const inTrouble = groupsInTrouble(story);
  const taken = groupsTaken(
    began.map(({ incidentId }) => incidentId),
    run,
  );
  const helped = taken.filter((name) => inTrouble?.includes(name) !== false);
  const rules = policy.rules.map((rule) => verdictOf(rule, story, run));
  return {
    rules,
    lacksAlarm:
      rules.every(({ starts }) => starts === 0) &&
      policy.rules.some(({ when: { alarm } }) => alarm !== undefined && alarmsOf(alarm, story).length === 0),
    isOnlyByHand: taken.length > 0 && rules.every(({ groups }) => groups.length === 0),
    remedies,
    hasRemedy: remedies.length === 0 || helped.length > 0,
    missed: helped.length > 0 ? [] : (inTrouble ?? []),
  };
};

const tellRule = ({ rule, starts, leftToAnother, groups, because }: RuleVerdict): string => {
  if (starts === 0) return `Rule ${rule} never started: ${because}.`.replace(/\?\.$/, '?');
  const times = starts === 1 ? 'once' : `${starts} times`;
  return because === undefined
    ? `Rule ${rule} started ${times}, for ${firstOf(groups, 5)}${leftToAnother === 0 ? '' : `; ${leftToAnother} of these found another at work on the same, and left it to that`}.`
    : `Rule ${rule} started ${times} and took no group: ${because}.`.replace(/\?\.$/, '?');
};

/** A verdict as people read it. */
export const tellVerdict = ({
  rules,
  remedies,
  hasRemedy,
  missed,
  lacksAlarm,
  isOnlyByHand,
}: Verdict): string[] => [
  ...rules.map(tellRule),
  ...(isOnlyByHand
    ? [
        'No rule of this policy did anything here: what Holdfast did was started by hand, by people of the story.',
      ]
    : []),
  ...(hasRemedy
    ? []
    : [
        `NO REMEDY: ${remedies.join(' or ')}, which is against this, never began${missed.length === 0 ? '' : ` for ${firstOf(missed, 5)}`}. Holdfast did not help here.${lacksAlarm ? ' To rehearse a rule whose alarm has another name here, name the alarm of this story in a copy of the policy.' : ''}`,
      ]),
];
