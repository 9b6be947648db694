import type { CloudFormation, Stack } from '../../aws/cloudformation.ts';
import type { AutoScalingGroup } from '../../domain/auto-scaling-group.ts';
import { isUpdating, stackOf } from '../../domain/holds/stack-update.ts';

/** Reads the stack of a name or id; `undefined` when there is none. Throws when it cannot be read. */
export type DescribeStack = (stackNameOrId: string) => Promise<Stack | undefined>;

/** A reader that asks once for each stack: many groups may belong to one. */
export const remembering = ({ describeStack }: CloudFormation): DescribeStack => {
  const asked = new Map<string, Promise<Stack | undefined>>();
  return (stackNameOrId) => {
    const known = asked.get(stackNameOrId) ?? describeStack(stackNameOrId);
    asked.set(stackNameOrId, known);
    return known;
  };
};

/** Of these groups those whose CloudFormation stack is being updated. */
export const groupsBeingUpdated = async (
  describeStack: DescribeStack,
  groups: AutoScalingGroup[],
): Promise<AutoScalingGroup[]> => {
  const found: AutoScalingGroup[] = [];
  for (const group of groups) {
    const stackId = stackOf(group);
    const stack = stackId === undefined ? undefined : await describeStack(stackId);
    if (stack !== undefined && isUpdating(stack.status)) found.push(group);
  }
  return found;
};
