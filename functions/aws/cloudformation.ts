import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/** AWS CloudFormation, as far as Holdfast uses it. */
export interface CloudFormation {
  /** The stack of this name or id, or `undefined` when there is none. One call. */
  describeStack(stackNameOrId: string): Promise<Stack | undefined>;
}

/** A stack, reduced to whether it is being changed. */
export interface Stack {
  /** In AWS's words, such as `UPDATE_IN_PROGRESS`. */
  status: string;
  /** When its latest change began. ISO 8601. */
  changedAt?: string;
}

/** CloudFormation says so of a stack it does not know, with the code of every other mistake (API reference, DescribeStacks). */
const isUnknownStack = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);

/** Wraps a client in the one operation Holdfast makes. */
export const createCloudFormation = (client: CloudFormationClient): CloudFormation => ({
  describeStack: async (StackName) => {
    try {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
      const stack = Stacks?.at(0);
      if (stack === undefined) return undefined;
      const changedAt = (stack.LastUpdatedTime ?? stack.CreationTime)?.toISOString();
      return { status: stack.StackStatus ?? '', ...(changedAt === undefined ? {} : { changedAt }) };
    } catch (error) {
      if (isUnknownStack(error)) return undefined;
      throw error;
    }
  },
});
