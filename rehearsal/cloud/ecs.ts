import type { VirtualTime } from '../virtual-time.ts';
import { inServiceCount, type SimulatedGroup } from './auto-scaling-group.ts';

/**
 * A capacity provider of Amazon ECS with managed termination protection: every minute it protects the instances of its
 * group that run tasks, and takes the protection from those that run none.
 * Source: Amazon ECS Developer Guide, "Managed termination protection".
 *
 * @param runsTasks whether an instance runs a task now
 */
export const manageTerminationProtection = (
  time: Pick<VirtualTime, 'every'>,
  group: SimulatedGroup,
  runsTasks: (instanceId: string) => boolean,
): void =>
  time.every(60, () => {
    if (inServiceCount(group) === 0) return;
    for (const instance of group.instances) {
      if (instance.lifecycleState === 'InService') {
        instance.protectedFromScaleIn = runsTasks(instance.instanceId);
      }
    }
  });
