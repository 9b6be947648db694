import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import type { TagCall } from '../calls.ts';
import { executionNameOf, remediationOf, stageOfExecution } from '../execution-arn.ts';
import { type Remediation, remediationNames } from '../remediation-names.ts';
import { spokenTime } from '../times.ts';
import type { Hold } from './group-record.ts';

/** The tag that says on a group itself who holds it. It is Holdfast's alone. */
export const holdTagKey = 'holdfast-hold';

/** The longest value of a tag (Amazon EC2 Auto Scaling API reference, Tag). */
const valueCharactersMax = 256;

/** What every AWS service takes in a tag (Tagging AWS resources, "Tag naming limits"): the rest becomes a space. */
const allowedText = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N}\p{Z}_.:/=+\-@]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** What the values of a stage begin with: two stages may look at the same groups, and each tidies up its own. */
export const holdTagPrefix = (stage: string): string => `${allowedText(stage)} holds it: `;

/**
 * What a group's tag says of its holds, in one line: who holds it, why, until when at the latest, and which execution.
 *
 * @returns `undefined` for no hold: then there is no tag
 */
export const holdTagValue = (
  holds: (Pick<Hold, 'incidentId' | 'reason'> & { endsAtLatest?: string | undefined })[],
): string | undefined => {
  const [first] = holds;
  if (first === undefined) return undefined;
  const prefix = holdTagPrefix(stageOfExecution(first.incidentId));
  const parts = holds.map(({ incidentId, reason, endsAtLatest }) => {
    const remediation = remediationOf(incidentId) ?? '';
    const until = endsAtLatest === undefined ? '' : ` until ${spokenTime(endsAtLatest)} at the latest`;
    return {
      remediation,
      what: `${remediation}${until}`,
      because: allowedText(`: ${reason}`),
      name: ` - ${executionNameOf(incidentId)}`,
    };
  });
  // A part of a sentence says nothing: what does not fit is left out as a whole, the reasons first.
  const fitting = [
    parts.map(({ what, because, name }) => `${what}${because}${name}`),
    parts.map(({ what, name }) => `${what}${name}`),
    parts.map(({ remediation, name }) => `${remediation}${name}`),
    [
      `${holds.length} holds, which the table names: ${parts.map(({ remediation }) => remediation).join(' + ')}`,
    ],
    [`${holds.length} holds, which the table names`],
  ].map((told) => `${prefix}${told.join(' + ')}`);
  return fitting.find(({ length }) => length <= valueCharactersMax)?.trim();
};

/** The executions that a value names, as far as it was not cut. */
export const holdersIn = (
  value: string,
  stage: string,
): { remediation: Remediation; executionName: string }[] =>
  value
    .slice(holdTagPrefix(stage).length)
    .split(' + ')
    .flatMap((told) => {
      const remediation = remediationNames.find((each) => told.startsWith(each));
      const executionName = / - ([\w-]+)$/.exec(told)?.[1];
      return remediation === undefined || executionName === undefined ? [] : [{ remediation, executionName }];
    });

const tag = (autoScalingGroupName: string) => ({
  ResourceId: autoScalingGroupName,
  ResourceType: 'auto-scaling-group',
  Key: holdTagKey,
});

/**
 * The call that makes a group's tag say what it should; `undefined` when it does, or when it says something that this
 * stage did not write: another stage's tag, or a person's, is left alone.
 */
export const holdTagCall = (
  { autoScalingGroupName, tags }: Pick<AutoScalingGroup, 'autoScalingGroupName' | 'tags'>,
  wanted: string | undefined,
  stage: string,
): TagCall | undefined => {
  const found = tags[holdTagKey];
  if (found === wanted) return undefined;
  if (found !== undefined && !found.startsWith(holdTagPrefix(stage))) return undefined;
  if (wanted === undefined) {
    return {
      service: 'AutoScaling',
      operation: 'DeleteTags',
      input: { Tags: [tag(autoScalingGroupName)] },
      reason: 'nothing holds the group any more',
    };
  }
  return {
    service: 'AutoScaling',
    operation: 'CreateOrUpdateTags',
    // Not for the instances: they come and go, and the hold is the group's.
    input: { Tags: [{ ...tag(autoScalingGroupName), Value: wanted, PropagateAtLaunch: false }] },
    reason: 'tag holdfast-hold: whoever looks at the group has to see who holds it',
  };
};
