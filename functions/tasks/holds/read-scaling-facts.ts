import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { ScalingFacts } from '../../domain/holds/plan-raise.ts';
import { groupsReadAlone } from '../../domain/limits.ts';

/** Reads what decides whether the desired capacity of a group may be raised. Throws when it cannot be read. */
export type ReadScalingFacts = (autoScalingGroupName: string) => Promise<ScalingFacts>;

/**
 * A reader of policies and scheduled actions for one look at some groups: nothing is read before it is asked for, and
 * of many groups everything is read once.
 */
export const createReadScalingFacts = (autoScaling: AutoScaling, groupCount: number): ReadScalingFacts => {
  const read = async (name?: string) => {
    const [policies, scheduledActions] = await Promise.all([
      autoScaling.describePolicies(name),
      autoScaling.describeScheduledActions(name),
    ]);
    return { policies, scheduledActions };
  };
  let all: ReturnType<typeof read> | undefined;
  return async (name) => {
    if (groupCount > groupsReadAlone) all ??= read();
    const { policies, scheduledActions } = await (all ?? read(name));
    return { policies: policies.get(name) ?? [], scheduledActions: scheduledActions.get(name) ?? [] };
  };
};
