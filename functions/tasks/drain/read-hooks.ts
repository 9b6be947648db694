import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { GroupWithLaunches } from '../../domain/drain/decide-drains.ts';
import type { DrainSettings } from '../../domain/drain/settings.ts';
import { isHookOfCodeDeploy } from '../../domain/group-traits.ts';
import { stuckInstances } from '../../domain/launches/launch-record.ts';

/**
 * The groups with what their launch hooks do when they time out: one call for each group in which something is stuck.
 * Which hooks of an instance are still open AWS does not tell, so all of the group's count.
 *
 * @returns the groups, what could not be read of which, and the groups that have a hook of AWS CodeDeploy
 */
export const withHooks = async <Group extends GroupWithLaunches>(
  autoScaling: AutoScaling,
  groups: Group[],
  { olderThanSeconds, drainsContinuing }: DrainSettings,
  now: string,
): Promise<{ groups: Group[]; unreadable: string[]; withCodeDeploy: Group[] }> => {
  const unreadable: string[] = [];
  const withCodeDeploy: Group[] = [];
  const continues = async (each: Group): Promise<boolean | 'unreadable'> => {
    const name = each.group.autoScalingGroupName;
    try {
      const hooks = await autoScaling.describeLaunchHooks(name);
      if (hooks.some(({ lifecycleHookName }) => isHookOfCodeDeploy(lifecycleHookName))) {
        withCodeDeploy.push(each);
      }
      return hooks.length > 0 && hooks.every(({ defaultResult }) => defaultResult === 'CONTINUE');
    } catch (error) {
      unreadable.push(`the launch hooks of ${name} cannot be read (${describeAwsError(error)})`);
      return 'unreadable';
    }
  };
  const seen: Group[] = [];
  for (const each of groups) {
    const isStuck = stuckInstances(each.record, each.group, olderThanSeconds, now).length > 0;
    // Asked whatever the setting: a hook of AWS CodeDeploy is warned of.
    const hooksContinue = isStuck ? await continues(each) : undefined;
    seen.push(hooksContinue === undefined || drainsContinuing ? each : { ...each, hooksContinue });
  }
  return { groups: seen, unreadable, withCodeDeploy };
};
