import { isOptedIn } from '../functions/domain/auto-scaling-group.ts';
import { executionNameOf } from '../functions/domain/execution-arn.ts';
import { type GroupRecord, isInstance } from '../functions/domain/holds/group-record.ts';
import type { JournalEntry } from '../functions/domain/journal.ts';
import { inForceWithinSeconds } from '../functions/domain/limits.ts';
import { isResizeEnding, type ResizeRecord } from '../functions/domain/resize/resize-record.ts';
import { secondsBetween } from '../functions/domain/times.ts';
import { groupArnOf, numberOfVersion, type SimulatedGroup } from './cloud/auto-scaling-group.ts';
import type { PublishedMessage } from './cloud/sns.ts';
import type { RecordedCall } from './cloud/wire.ts';

/** What a message is compared with: the account, the table and the calls, at the moment at which it is published. */
export interface MomentOfMessage {
  groups: Map<string, SimulatedGroup>;
  records: GroupRecord[];
  /** What is stored of resizes. */
  resizes: ResizeRecord[];
  calls: RecordedCall[];
  /** Executions whose incident is being given back, and since when. */
  releasing: Map<string, string>;
  /** Until when groups could not be looked at, in milliseconds; absent where that was never so. */
  unseenUntil?: number;
  /** ISO 8601. */
  at: string;
}

/** Since when incidents are being given back, by the name of their execution. */
export const releasingSince = (
  journals: { incidentId: string; entries: JournalEntry[] }[],
): Map<string, string> =>
  new Map(
    journals.flatMap(({ incidentId, entries }) => {
      const first = entries.find(({ event }) => event === 'releasing');
      return first === undefined ? [] : [[executionNameOf(incidentId), first.at]];
    }),
  );

/** What a message says for programs (Amazon Q custom notifications, `metadata`). */
interface ChatForm {
  metadata: {
    relatedResources: string[];
    additionalContext: { kind: string; remediation: string; heldBy?: string; notHeld?: string };
  };
}

/** Somebody takes a setting back, and Holdfast sees it in its next round, which may be this much later. */
const unseenSeconds = 900;

const isAccepted = ({ outcome }: RecordedCall): boolean => outcome === 'ok';

/** Whether a reason of AWS, such as `User suspended at 2021-01-04T14:22:00Z`, is of a call. */
const isSameMoment = (reason: string, at: string): boolean => {
  const time = /\d{4}-.*Z$/.exec(reason)?.[0];
  return time !== undefined && Math.abs(Date.parse(time) - Date.parse(at)) < 2000;
};

/** Processes that Holdfast itself suspended in a group, and that nobody resumed since. */
const suspendedByHoldfast = (group: SimulatedGroup, calls: RecordedCall[]): string[] => {
  const suspensions = calls.filter(
    (call) =>
      call.operation === 'SuspendProcesses' &&
      isAccepted(call) &&
      call.input.AutoScalingGroupName === group.name,
  );
  // AWS says when a process was suspended; whoever does it again later changes nothing of that.
  return [...group.suspended].flatMap(([process, reason]) =>
    suspensions.some(
      ({ at, input }) => isSameMoment(reason, at) && (input.ScalingProcesses as string[]).includes(process),
    )
      ? [process]
      : [],
  );
};

/** That nothing of Holdfast holds a group, although something of it does. */
const checkFree = (name: string, { groups, calls, at }: MomentOfMessage): string[] => {
  const group = groups.get(name);
  const left = group === undefined ? [] : suspendedByHoldfast(group, calls);
  return left.length === 0
    ? []
    : [`${at} people are told that nothing holds ${name}, and Holdfast suspended ${left.join(', ')} in it`];
};

/** That a group is held, although what the hold suspends is not suspended and nobody just took it back. */
const checkHeld = (
  name: string,
  holders: string[],
  { groups, records, resizes, releasing, unseenUntil = Number.NEGATIVE_INFINITY, at }: MomentOfMessage,
): string[] => {
  // What is being given back people are told so, and nobody looks any more whether it is in force.
  if (holders.every((holder) => releasing.has(holder))) return [];
  const group = groups.get(name);
  const record = records.find(({ autoScalingGroupName }) => autoScalingGroupName === name);
  // A group made anew under the name, and one that is gone, are found out in the next round; of one that opted out
  // Holdfast says only what it may not change.
  if (
    group === undefined ||
    !isOptedIn(group) ||
    record === undefined ||
    record.autoScalingGroupArn !== groupArnOf(group)
  )
    return [];
  const resize = resizes.find(({ autoScalingGroupName }) => autoScalingGroupName === name) ?? {};
  const claimed = record.holds
    .filter(({ stage, incidentId }) => stage === 'HELD' && !isResizeEnding(resize, incidentId))
    .flatMap(({ processes }) => processes);
  const missing = [...new Set(claimed)].filter((process) => {
    const imposed = record.imposed.find(({ setting }) => setting === process);
    const isOverridden = record.overridden.some(({ setting }) => setting === process);
    const resumedAt = group.resumedAt.get(process) ?? Number.NEGATIVE_INFINITY;
    const isTakenBackJustNow = Date.parse(at) - Math.max(resumedAt, unseenUntil) < unseenSeconds * 1000;
    return (
      imposed?.appliedAt !== undefined &&
      secondsBetween(imposed.appliedAt, at) > inForceWithinSeconds &&
      imposed.givingBackAt === undefined &&
      !isOverridden &&
      !isTakenBackJustNow &&
      !group.suspended.has(process)
    );
  });
  return missing.length === 0
    ? []
    : [`${at} people are told that ${name} is held, and ${missing.join(', ')} run in it`];
};

/** The groups that are held for one of these incidents. */
const heldFor = (incidentIds: string[], records: GroupRecord[]): GroupRecord[] =>
  records.filter(({ holds }) => holds.some(({ incidentId }) => incidentIds.includes(incidentId)));

/** That an incident gave everything back, although a group is still held for it. */
const checkGivenBack = (
  { metadata: { relatedResources, additionalContext } }: ChatForm,
  { records, at }: MomentOfMessage,
): string[] =>
  additionalContext.kind !== 'gave-back'
    ? []
    : heldFor(relatedResources, records).map(
        ({ autoScalingGroupName }) =>
          `${at} people are told that it is over, and ${autoScalingGroupName} is held`,
      );

/** Groups of which a message says that they were held and are not any more. */
const noLongerHeld = (text: string): string[] =>
  [...text.matchAll(/No longer held at \d\d:\d\d UTC: (.+)\.$/gm)].flatMap(([, list = '']) =>
    list.split(', '),
  );

/** That groups are held for an incident, of which one is not in the table. */
const checkActed = (
  { text }: PublishedMessage,
  { metadata: { relatedResources, additionalContext } }: ChatForm,
  held: [string, string[]][],
  { at }: MomentOfMessage,
): string[] => {
  const { kind, remediation } = additionalContext;
  // A drain holds a group only while its breaker is open; of a storm not every execution is named.
  if (kind !== 'acted' || remediation === 'drain-pending-wait' || relatedResources.length >= 5) return [];
  const names = relatedResources.map(executionNameOf);
  const gone = noLongerHeld(text);
  return held
    .filter(([name, holders]) => !gone.includes(name) && !holders.some((holder) => names.includes(holder)))
    .map(([name]) => `${at} people are told that ${name} is held by ${names.join(', ')}, and it is not`);
};

/** Whether a message says that it could not look up what has become of what it tells. */
const saysItMayHaveChanged = (text: string): boolean =>
  text.includes('This could not be looked up, and what is said above may have changed since');

/** That groups are not held, although everything of the hold of one was accepted. */
const checkNotHeld = (
  { text }: PublishedMessage,
  { metadata: { relatedResources, additionalContext } }: ChatForm,
  { records, at }: MomentOfMessage,
): string[] =>
  (saysItMayHaveChanged(text) ? [] : (JSON.parse(additionalContext.notHeld ?? '[]') as string[]))
    .filter((name) => {
      const record = records.find(({ autoScalingGroupName }) => autoScalingGroupName === name);
      return (
        record?.holds.some(({ incidentId }) => relatedResources.includes(incidentId)) === true &&
        record.imposed.every(({ appliedAt }) => appliedAt !== undefined)
      );
    })
    .map((name) => `${at} people are told that ${name} is not held, and it is`);

/** Commands that whoever is woken up could not run as they are. */
const checkCommands = ({ text }: PublishedMessage, at: string): string[] =>
  text
    .split('\n')
    .filter((line) => /(^ *|: )aws [a-z]/.test(line) && !/ --region [a-z0-9-]+/.test(line))
    .map((line) => `${at} people are given a command without its Region: ${line.trim()}`);

/** Whether a message tells of a hold that had ended when the message was sent. */
const isToldAsOver = ({ text }: PublishedMessage): boolean => /^[^\n]*, ended since/.test(text);

const isToldAsEnding = ({ text }: PublishedMessage): boolean => /^[^\n]*, ending now/.test(text);

const checkOver = (
  { metadata: { relatedResources } }: ChatForm,
  { records, at }: MomentOfMessage,
): string[] =>
  heldFor(relatedResources, records).map(
    ({ autoScalingGroupName: name }) =>
      `${at} people are told that the hold of ${name} has ended, and it goes on`,
  );

/**
 * Who holds a group is looked up right before a message is sent, and a call that SNS leaves without an answer is made
 * again for up to this long.
 */
const lookedUpWithinSeconds = 60;

/** Whether an execution gives back since less than a message takes from its last look until it is published. */
const isReleasedJustNow = (name: string, { releasing, at }: MomentOfMessage): boolean => {
  const since = releasing.get(name);
  return since !== undefined && secondsBetween(since, at) <= lookedUpWithinSeconds;
};

/** That a hold lasts until some time, although it is being given back. */
const checkHolders = ({ text }: PublishedMessage, moment: MomentOfMessage): string[] =>
  [...text.matchAll(/^ {2}[a-z-]+, (?:until|for as long as) .*\(execution (.+)\)$/gm)].flatMap(
    ([, name = '']) => {
      const { releasing, at } = moment;
      const since = releasing.get(name);
      return since === undefined || isReleasedJustNow(name, moment)
        ? []
        : [`${at} people are told that ${name} holds on, and it gives back since ${since}`];
    },
  );

/** That something of a group that opted out is suspended still, although it runs. */
const checkStillSuspended = ({ text }: PublishedMessage, { groups, at }: MomentOfMessage): string[] =>
  [...text.matchAll(/^ *(.+): the group no longer carries .* Still suspended or protected: (.+)$/gm)].flatMap(
    ([, name = '', list = '']) => {
      const group = groups.get(name);
      const running = namesIn(list).filter((setting) => {
        const resumedAt = group?.resumedAt.get(setting) ?? Number.NEGATIVE_INFINITY;
        const isJustNow = Date.parse(at) - resumedAt < unseenSeconds * 1000;
        return !isInstance(setting) && group?.suspended.has(setting) === false && !isJustNow;
      });
      return running.length === 0
        ? []
        : [`${at} people are told that ${running.join(', ')} is suspended still in ${name}, and it runs`];
    },
  );

/** That a launch template still launches a type, although it has a version with another one since. */
const checkTemplates = ({ text }: PublishedMessage, { groups, calls, at }: MomentOfMessage): string[] => {
  const untrue = [...groups.values()].flatMap(
    ({ name, launchTemplate, launchTemplateVersion = '$Latest' }) => {
      const { launchTemplateId, versions } = launchTemplate;
      const type = versions[numberOfVersion(launchTemplate, launchTemplateVersion) - 1];
      const claim = `the launch template ${launchTemplateId} (version ${launchTemplateVersion}) still launches `;
      const [, told] = text.split(claim);
      return told === undefined || told.startsWith(`${type}, `)
        ? []
        : [
            `${at} people are told that ${name} still launches ${told.split(',', 1)[0]}, and it launches ${type}`,
          ];
    },
  );
  const isJustNow = (call: RecordedCall): boolean =>
    call.mutating &&
    /LaunchTemplate/.test(call.operation) &&
    secondsBetween(call.at, at) <= lookedUpWithinSeconds;
  return untrue.length > 0 && calls.some(isJustNow) ? [] : untrue;
};

/** Names in a sentence, as far as it lists them. */
const namesIn = (list: string): string[] =>
  list
    .replace(/,? and \d+ more$/, '')
    .split(', ')
    .filter((name) => name !== '');

const countOf = (word: string | undefined): number => Number(word ?? Number.NaN);

/** What the sentences of a message claim: who reads mail sees nothing else. */
const checkSentences = (
  { text }: PublishedMessage,
  { metadata: { relatedResources, additionalContext } }: ChatForm,
  moment: MomentOfMessage,
): string[] => {
  const { records, at } = moment;
  const free = [...text.matchAll(/^ {2}No hold of this stage: (.+)$/gm)].flatMap(([, list = '']) =>
    namesIn(list),
  );
  const heldThough = free.filter((name) =>
    records.some(
      ({ autoScalingGroupName, holds }) =>
        autoScalingGroupName === name &&
        holds.some(({ heldAt }) => secondsBetween(heldAt, at) > lookedUpWithinSeconds),
    ),
  );
  const mayHaveChanged =
    additionalContext.kind !== 'acted' ||
    relatedResources.length !== 1 ||
    saysItMayHaveChanged(text) ||
    relatedResources.some((incidentId) => isReleasedJustNow(executionNameOf(incidentId), moment));
  const held = mayHaveChanged ? null : /^ {2}Holdfast holds (\d+) (?:of \d+ )?groups?: (.+?)\. /m.exec(text);
  const heldNow = heldFor(relatedResources, records).length;
  const ended = /Holdfast held (\d+)(?: of (\d+))? groups?(?: and gave (?:it|all of them) back)?/.exec(text);
  const gaveAll = ended !== null && / and gave /.test(ended[0]);
  return [
    ...free.flatMap((name) => checkFree(name, moment)),
    ...heldThough.map((name) => `${at} people are told that nothing holds ${name}, and it is held`),
    ...(held !== null && countOf(held[1]) > heldNow + noLongerHeld(text).length
      ? [`${at} people are told that ${held[1]} groups are held, and ${heldNow} are`]
      : []),
    ...(held !== null && namesIn(held[2] ?? '').length > countOf(held[1])
      ? [`${at} people are told of more names than groups: ${held[0].trim()}`]
      : []),
    ...(gaveAll && heldNow > 0
      ? [`${at} people are told that everything was given back, and ${heldNow} groups are held`]
      : []),
    ...(ended !== null && countOf(ended[1]) > countOf(ended[2] ?? ended[1])
      ? [`${at} people are told that more was held than was asked for: ${ended[0]}`]
      : []),
    // What is told of several incidents may be so of one and not of another.
    ...(gaveAll && relatedResources.length === 1 && /may not change it|could not be given back/.test(text)
      ? [`${at} people are told that everything was given back, and that something could not be`]
      : []),
    ...(additionalContext.kind === 'gave-back' && heldNow === 0 && / suspend-processes /.test(text)
      ? [`${at} people are given a command that suspends what nobody resumes`]
      : []),
  ];
};

/** What a message claims that is not so at the moment at which it is published. */
export const checkMessage = (message: PublishedMessage, moment: MomentOfMessage): string[] => {
  const chat = JSON.parse(message.chat) as ChatForm;
  const { heldBy = '{}' } = chat.metadata.additionalContext;
  const held = Object.entries(JSON.parse(heldBy) as Record<string, string[]>);
  return [
    ...held.flatMap(([name, holders]) =>
      holders.length === 0 ? checkFree(name, moment) : checkHeld(name, holders, moment),
    ),
    ...checkGivenBack(chat, moment),
    ...checkNotHeld(message, chat, moment),
    ...(isToldAsOver(message) ? checkOver(chat, moment) : []),
    ...(isToldAsOver(message) || isToldAsEnding(message) ? [] : checkActed(message, chat, held, moment)),
    ...checkSentences(message, chat, moment),
    ...checkHolders(message, moment),
    ...checkStillSuspended(message, moment),
    ...checkTemplates(message, moment),
    ...checkCommands(message, moment.at),
  ];
};
