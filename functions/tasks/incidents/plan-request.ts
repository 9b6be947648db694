import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { StepFunctions } from '../../aws/step-functions.ts';
import type { Clock } from '../../clock.ts';
import { type AutoScalingGroup, optInTag } from '../../domain/auto-scaling-group.ts';
import { bounded } from '../../domain/bounded.ts';
import { InvalidInputError } from '../../domain/errors.ts';
import { executionNameOf } from '../../domain/execution-arn.ts';
import type { Incident } from '../../domain/incident.ts';
import { askedSettings } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import { remediations } from '../../domain/remediations.ts';
import type { Request } from '../../domain/request.ts';
import { sentenceOf } from '../../domain/telling/sentence-of.ts';
import { counted, spokenTime } from '../../domain/times.ts';
import { type InputSignal, parseHoldInput } from '../../events/hold-input.ts';
import type { Policy } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from './emit-facts.ts';

const reasonOf = ({
  alarm,
  launchFailures,
  failingGroups,
  stillFailing,
  stuckInstance,
  breaker,
  byHand,
}: InputSignal): string => {
  if (byHand !== undefined) return `asked for by hand at ${spokenTime(byHand.askedAt)}: ${byHand.reason}`;
  if (alarm !== undefined)
    return `the alarm ${alarm.alarmName} went into ALARM at ${spokenTime(alarm.stateTimestamp)}`;
  if (launchFailures !== undefined) {
    return `launches of ${launchFailures.autoScalingGroupName} failed, the latest at ${spokenTime(launchFailures.failedAt)}`;
  }
  if (failingGroups !== undefined) {
    return `launches failed at about the same time, shortly before ${spokenTime(failingGroups.beginAt)}, in each of its groups`;
  }
  if (stillFailing !== undefined) {
    return `launches of ${stillFailing.autoScalingGroupName} did not succeed by ${spokenTime(stillFailing.since)}, when those of most groups that failed with it did`;
  }
  if (breaker !== undefined) {
    return `the breaker of ${breaker.autoScalingGroupName} opened at ${spokenTime(breaker.openedAt)}`;
  }
  return `${stuckInstance?.instanceId} of ${stuckInstance?.autoScalingGroupName} had been in Pending:Wait since ${spokenTime(stuckInstance?.since ?? '')}`;
};

/**
 * Reads what an execution was asked for.
 * @throws InvalidInputError for an input that cannot be understood, or that names a rule of another remediation
 */
export const toRequest = (remediation: Remediation, input: unknown, policy: Policy): Request => {
  const parsed = parseHoldInput(remediation, input);
  if (parsed.trigger === 'sweep') throw new InvalidInputError('giving back asks for nothing new');
  if (parsed.trigger === 'manual') {
    return {
      remediation,
      reason: parsed.reason,
      untilLaunchesSucceed: parsed.untilLaunchesSucceed,
      names: 'autoScalingGroupNames' in parsed.targets ? parsed.targets.autoScalingGroupNames : [],
      tags: 'tags' in parsed.targets ? parsed.targets.tags : undefined,
      ...askedSettings(parsed),
      dryRun: parsed.dryRun,
    };
  }
  const fitting = policy.rules.filter((rule) => rule.do === remediation);
  const rule = fitting.find(({ name }) => name === parsed.rule);
  if (rule === undefined) {
    throw new InvalidInputError(
      `rule: found "${parsed.rule}"; allowed: ${fitting.map(({ name }) => name).join(', ') || 'none'}, the rules of the deployed policy that ask for ${remediation}`,
    );
  }
  const { alarm, failingGroups, stillFailing } = parsed.signal;
  const ofOneGroup = parsed.signal.launchFailures ?? stillFailing;
  return {
    remediation,
    rule: rule.name,
    ...(alarm === undefined ? {} : { alarm }),
    untilLaunchesSucceed: remediations[remediation].untilLaunchesSucceed(),
    reason: `rule ${rule.name}: ${reasonOf(parsed.signal)}`,
    // Failed launches are one group's; an alarm says nothing of groups.
    names: ofOneGroup === undefined ? [] : [ofOneGroup.autoScalingGroupName],
    tags: ofOneGroup === undefined ? rule.targets.tags : undefined,
    ...(failingGroups === undefined ? {} : { ofFailingGroups: true as const }),
    ...(stillFailing === undefined ? {} : { leavesShared: true as const }),
    ...askedSettings(rule),
    dryRun: parsed.dryRun || rule.dryRun === true,
  };
};

/** The groups a request is about, as they are now. */
export const describeTargets = (autoScaling: AutoScaling, request: Request): Promise<AutoScalingGroup[]> =>
  request.tags === undefined
    ? autoScaling.describeAutoScalingGroups(request.names)
    : autoScaling.describeAutoScalingGroupsByTags({ ...request.tags, [optInTag.key]: optInTag.value });

/**
 * The running execution that has the same affair in hand already, if one does: an alarm that flaps is one incident, and so
 * is a group whose launches go on failing. The new execution's name is used up all the same, so that nobody takes the
 * signal up again after a person has stopped the other.
 *
 * @returns its name
 */
export const findOtherExecution = async (
  { store, stepFunctions }: { store: Store; stepFunctions: StepFunctions },
  incidentId: string,
  request: Request,
  names: string[],
): Promise<string | undefined> => {
  for (const incident of await store.listOpenIncidents()) {
    const isOther = incident.incidentId !== incidentId && incident.remediation === request.remediation;
    if (!isOther || incident.status !== 'HELD') continue;
    if (request.leavesShared === true && incident.isShared === true) continue;
    const held = await store.readIncidentGroups(incident.incidentId);
    const { isSameAffair } = remediations[request.remediation];
    if (!isSameAffair(incident, request, { held, asked: names })) continue;
    if (await stepFunctions.isRunning(incident.incidentId)) return executionNameOf(incident.incidentId);
  }
  return undefined;
};

/** An incident is one small item; everything that was planned is in the journal. */
const sentencesKept = 20;

/**
 * Opens an incident, and says so in its journal: an execution that fails before that has begun nothing, and its signal
 * is tried again.
 *
 * @param planned what the journal says of the plan: the first groups that were left alone, and the first warnings, are told
 */
export const openIncident = async (
  { store, clock }: { store: Store; clock: Clock },
  incident: Incident,
  names: string[],
  planned: JournalEntry[],
): Promise<void> => {
  const first = (event: JournalEntry['event']): string[] =>
    planned
      .filter((entry) => entry.event === event)
      .slice(0, sentencesKept)
      .map((entry) => bounded(sentenceOf(entry), 500));
  const leftAlone = planned.filter(({ event }) => event === 'refused').length;
  const asked = {
    groupsAsked: names.length + leftAlone,
    leftAlone: first('refused'),
    warnings: first('warned'),
  };
  await store.createIncident({ ...incident, ...asked }, names);
  await writeJournal(store, incident.incidentId, [
    {
      at: clock.now(),
      event: 'opened',
      text: `the incident is open over ${counted(names.length, 'group')}`,
    },
  ]);
};

/** The incident that the sweep asks an execution to give back, where it does. */
export const incidentToGiveBack = (remediation: Remediation, input: unknown): string | undefined => {
  const parsed = parseHoldInput(remediation, input);
  return parsed.trigger === 'sweep' ? parsed.incidentId : undefined;
};
