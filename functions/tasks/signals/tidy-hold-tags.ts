import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { Clock } from '../../clock.ts';
import { parseArn } from '../../domain/arn.ts';
import { type AutoScalingGroup, isOptedIn } from '../../domain/auto-scaling-group.ts';
import { executionArnOf } from '../../domain/execution-arn.ts';
import { holdersIn, holdTagCall, holdTagKey, holdTagPrefix } from '../../domain/holds/hold-tag.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import { awsCommand } from '../../domain/shell.ts';
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
  const region = autoScalingGroupArn === undefined ? [] : ['--region', parseArn(autoScalingGroupArn).region];
  const processes = [...suspendedProcesses].sort();
  const resume = awsCommand(
    ...['autoscaling', 'resume-processes', '--auto-scaling-group-name', name],
    ...['--scaling-processes', ...processes, ...region],
  );
  await writeNotice(store, {
    kind: 'needs-a-person',
    at: clock.now(),
    incidentId: '',
    identity: `copied#${autoScalingGroupArn ?? name}#${processes.join()}`,
    seen: `${name} has the tag ${holdTagKey} (${tags[holdTagKey]}), but Holdfast does not hold it; most likely somebody copied a held group`,
    done: `these processes of ${name} are suspended and are left so, because Holdfast did not suspend them: ${firstOf(processes)}`,
    next: 'the tag is removed; whether the processes should run is for a person to decide',
    groups: [name],
    lines: [`To resume them: ${resume}`],
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
