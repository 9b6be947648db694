import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { Clock } from '../../clock.ts';
import { parseArn } from '../../domain/arn.ts';
import { type AutoScalingGroup, isOptedIn } from '../../domain/auto-scaling-group.ts';
import { executionArnOf } from '../../domain/execution-arn.ts';
import { holdersIn, holdTagCall, holdTagKey, holdTagPrefix } from '../../domain/holds/hold-tag.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import { resumeProcessesCommand } from '../../domain/telling/commands.ts';
import { firstOf } from '../../domain/times.ts';
import type { Store } from '../../state/store.ts';
import { writeNotice } from '../incidents/emit-facts.ts';

/** What tidying needs. */
export interface TidyHoldTagsDependencies {
  autoScaling: AutoScaling;
  store: Store;
  clock: Clock;
}

/**
 * Tells people of a group that says it is held, that nothing of ours holds, and that has processes suspended: a copy of
 * a held group, made with its tags and suspensions as blue/green tools do. Nothing will ever resume them.
 */
const tellCopied = async (
  { store, clock }: TidyHoldTagsDependencies,
  { autoScalingGroupName: name, autoScalingGroupArn, suspendedProcesses, tags }: AutoScalingGroup,
): Promise<void> => {
  const region = parseArn(autoScalingGroupArn ?? '').region;
  const processes = [...suspendedProcesses].sort();
  await writeNotice(store, {
    kind: 'needs-a-person',
    at: clock.now(),
    incidentId: '',
    identity: `copied#${autoScalingGroupArn ?? name}#${processes.join()}`,
    headline: 'Copy of a held group',
    seen: `${name} has the tag ${holdTagKey} (${tags[holdTagKey]}), but Holdfast does not hold it. Most likely somebody copied a held group.`,
    done: [
      `${name}: these processes are suspended, and Holdfast leaves them so, because it did not suspend them: ${firstOf(processes)}.`,
    ],
    todo: [
      `If the suspended processes of ${name} should run, resume them: ${resumeProcessesCommand(region, name, processes)}`,
    ],
    next: 'Holdfast removes the tag, and does nothing about the processes.',
    groups: [name],
    undo: 'NOTHING',
  });
};

/** Whether an execution that the tag names did something to this very group: then the tag is left over, and no copy. */
const isLeftOver = async (
  store: Store,
  { autoScalingGroupName, tags }: AutoScalingGroup,
  stage: string,
  stateMachineArns: Record<Remediation, string>,
): Promise<boolean> => {
  for (const { remediation, executionName } of holdersIn(tags[holdTagKey] ?? '', stage)) {
    const journal = await store.readJournal(executionArnOf(stateMachineArns[remediation], executionName));
    if (journal.some((entry) => entry.autoScalingGroupName === autoScalingGroupName)) return true;
  }
  return false;
};

/**
 * Removes the tags of this stage from groups that nothing holds any more: what a function that died, or one that was
 * late, left behind. The groups are described before their records are read, so that a tag seen here is older than
 * the hold that would explain it. People are told first of one that has processes suspended.
 *
 * @returns the groups
 */
export const tidyHoldTags = async (
  dependencies: TidyHoldTagsDependencies,
  stage: string,
  stateMachineArns: Record<Remediation, string>,
): Promise<string[]> => {
  const { autoScaling, store } = dependencies;
  const groups = (await autoScaling.describeAutoScalingGroupsWithTag(holdTagKey)).filter(({ tags }) =>
    tags[holdTagKey]?.startsWith(holdTagPrefix(stage)),
  );
  const records = await store.readGroups(groups.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const tidied: string[] = [];
  for (const [index, group] of groups.entries()) {
    const record = records[index];
    if (record === undefined || record.holds.length > 0) continue;
    const call = holdTagCall(group, undefined, stage);
    if (call === undefined || !isOptedIn(group)) continue;
    if (group.suspendedProcesses.length > 0) {
      if (!(await isLeftOver(store, group, stage, stateMachineArns))) await tellCopied(dependencies, group);
    }
    await autoScaling.make(call);
    tidied.push(group.autoScalingGroupName);
  }
  return tidied;
};
