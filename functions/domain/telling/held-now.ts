import { executionNameOf, remediationOf } from '../execution-arn.ts';
import type { GroupRecord } from '../holds/group-record.ts';
import { isResizeEnding, type ResizeRecord } from '../resize/resize-record.ts';
import { counted, firstOf, spokenTime } from '../times.ts';
import { listHeldGroupsCommand } from './commands.ts';

/** What one incident holds of a group, as people are told it. */
export interface HolderNow {
  remediation: string;
  executionName: string;
  /** When it is given back at the latest; absent where it is renewed for as long as it is needed. */
  endsAtLatest?: string;
  isBeingGivenBack: boolean;
}

/** Who holds groups at the moment when a message is sent. */
export interface HeldNow {
  /** ISO 8601. */
  at: string;
  /** By group, those that could be looked up; nobody holds one without holders. */
  holders: Map<string, HolderNow[]>;
  /** Groups that are not fully held yet, or any more, by group: the incidents whose hold is in force. */
  inForceOf: Map<string, string[]>;
}

/** Whether everything of the holds of a group was accepted by AWS. */
const isInForce = ({ imposed }: GroupRecord): boolean =>
  imposed.every(({ appliedAt }) => appliedAt !== undefined);

/**
 * Who holds the groups of these records.
 *
 * @param releasing incidents that are being given back, as far as that is known
 * @param resizes what is stored of the resizes of these groups, as far as that is known
 */
export const heldNow = (
  records: GroupRecord[],
  at: string,
  releasing: ReadonlySet<string> = new Set(),
  resizes: ResizeRecord[] = [],
): HeldNow => ({
  at,
  holders: new Map(
    records.map(({ autoScalingGroupName, holds }) => [
      autoScalingGroupName,
      holds.map(({ incidentId, endsAtLatest, stage }) => ({
        remediation: remediationOf(incidentId) ?? '',
        executionName: executionNameOf(incidentId),
        ...(endsAtLatest === undefined ? {} : { endsAtLatest }),
        isBeingGivenBack:
          stage !== 'HELD' ||
          releasing.has(incidentId) ||
          resizes.some(
            (resize) =>
              resize.autoScalingGroupName === autoScalingGroupName && isResizeEnding(resize, incidentId),
          ),
      })),
    ]),
  ),
  inForceOf: new Map(
    records.map((record) => [
      record.autoScalingGroupName,
      isInForce(record) ? record.holds.map(({ incidentId }) => incidentId) : [],
    ]),
  ),
});

const tellHolder = ({ remediation, endsAtLatest, isBeingGivenBack }: HolderNow): string => {
  if (isBeingGivenBack) return `${remediation}, to be given back`;
  return endsAtLatest === undefined
    ? `${remediation}, for as long as it is needed`
    : `${remediation}, until ${spokenTime(endsAtLatest)} at the latest`;
};

/** Who holds these groups, each holder in one line; groups that were not looked up are counted. */
export const tellHeldNow = (
  { holders }: HeldNow,
  region: string,
  groups: string[],
  groupsLeftOut: number,
  mayBeMore = false,
): string[] => {
  const known = groups.filter((name) => holders.has(name));
  const held = known.flatMap((name) =>
    (holders.get(name) ?? []).map((holder) => ({
      name,
      text: tellHolder(holder),
      executionName: holder.executionName,
    })),
  );
  const byHolder = Map.groupBy(held, ({ text, executionName }) => `${text} ${executionName}`);
  const free = known.filter((name) => (holders.get(name) ?? []).length === 0);
  const unknown = groups.length - known.length + groupsLeftOut;
  return [
    ...[...byHolder.values()].map((some) => {
      const [first] = some;
      return `${first?.text}: ${firstOf(some.map(({ name }) => name))} (execution ${first?.executionName})`;
    }),
    ...(free.length === 0 ? [] : [`No hold of this stage: ${firstOf(free)}`]),
    ...(unknown === 0
      ? []
      : [
          `${mayBeMore ? 'At least ' : ''}${counted(unknown, 'more group')} ${unknown === 1 ? 'was' : 'were'} not looked up. To list every group that is held: ${listHeldGroupsCommand(region)}`,
        ]),
  ];
};
