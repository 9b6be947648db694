import type { VirtualTime } from '../virtual-time.ts';
import {
  type AutoScalingQuirks,
  isSuspended,
  type SimulatedGroup,
  type SimulatedInstance,
  weightOf,
} from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';
import { registeredTarget } from './target-health.ts';

/** Instances per call; above it the call fails (API reference; keikoproj/upgrade-manager issue 301). */
const instancesPerCall = 20;
/** From leaving Standby until it is registered again. */
const registerSeconds = 10;

/**
 * Standby of the simulated Auto Scaling. In Standby an instance is not registered, not checked, not counted, not scaled
 * in, and still billed; hooks do not run on the way in or out.
 * Source: Amazon EC2 Auto Scaling User Guide, "Temporarily removing instances from your Auto Scaling group"
 * (as-enter-exit-standby); API reference, EnterStandby, ExitStandby.
 */
export const createStandby = (
  time: VirtualTime,
  quirks: AutoScalingQuirks,
  setDesired: (group: SimulatedGroup, desired: number, because: string) => void,
) => {
  const named = (group: SimulatedGroup, input: Record<string, unknown>): SimulatedInstance[] => {
    const ids = input.InstanceIds as string[];
    if (ids.length > instancesPerCall) {
      throw new CloudError(
        'ValidationError',
        `1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length less than or equal to ${instancesPerCall}`,
      );
    }
    return ids.map((id) => {
      const instance = group.instances.find(({ instanceId }) => instanceId === id);
      if (instance === undefined) {
        throw new CloudError(
          'ValidationError',
          `The instance ${id} is not part of Auto Scaling group ${group.name}.`,
        );
      }
      return instance;
    });
  };

  return {
    /** From InService only; with decrement desired capacity must not fall below the minimum. */
    enterStandby: (group: SimulatedGroup, input: Record<string, unknown>): object => {
      const instances = named(group, input);
      const unfit = instances.find(({ lifecycleState }) => lifecycleState !== 'InService');
      if (unfit !== undefined) {
        throw new CloudError('ValidationError', `The instance ${unfit.instanceId} is not in InService.`);
      }
      if (input.ShouldDecrementDesiredCapacity === true) {
        const desired = group.desiredCapacity - instances.length * weightOf(group);
        if (desired < group.minSize) {
          throw new CloudError(
            'ValidationError',
            `AutoScalingGroup ${group.name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${group.desiredCapacity}. To place into standby ${instances.length} instance, please update the AutoScalingGroup sizes appropriately.`,
          );
        }
        setDesired(group, desired, 'EnterStandby');
      }
      for (const instance of instances) {
        instance.shown = { lifecycleState: 'InService', until: time.now() + quirks.standbyLagSeconds * 1000 };
        instance.lifecycleState = 'EnteringStandby';
        setTimeout(() => {
          if (instance.lifecycleState === 'EnteringStandby') instance.lifecycleState = 'Standby';
        }, group.deregistrationDelaySeconds * 1000);
      }
      return { Activities: [] };
    },

    /**
     * Always raises desired capacity. Refused while Launch is suspended. Whether it is refused when desired capacity
     * would exceed the maximum is not settled. The health check grace period begins anew.
     */
    exitStandby: (group: SimulatedGroup, input: Record<string, unknown>): object => {
      const instances = named(group, input);
      if (isSuspended(group, 'Launch')) {
        throw new CloudError(
          'ValidationError',
          `Instances cannot leave Standby while the Launch process of ${group.name} is suspended.`,
        );
      }
      const unfit = instances.find(({ lifecycleState }) => lifecycleState !== 'Standby');
      if (unfit !== undefined) {
        throw new CloudError('ValidationError', `The instance ${unfit.instanceId} is not in Standby.`);
      }
      const desired = group.desiredCapacity + instances.length * weightOf(group);
      if (desired > group.maxSize && quirks.exitStandbyKeepsToMaximum) {
        throw new CloudError(
          'ValidationError',
          `AutoScalingGroup ${group.name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${group.desiredCapacity}. To exit standby ${instances.length} instance, please update the AutoScalingGroup sizes appropriately.`,
        );
      }
      setDesired(group, desired, 'ExitStandby');
      for (const instance of instances) {
        instance.shown = { lifecycleState: 'Standby', until: time.now() + quirks.standbyLagSeconds * 1000 };
        instance.lifecycleState = 'Pending';
        instance.target = registeredTarget();
        setTimeout(() => {
          if (instance.lifecycleState !== 'Pending') return;
          instance.lifecycleState = 'InService';
          instance.inServiceAt = time.now();
        }, registerSeconds * 1000);
      }
      return { Activities: [] };
    },
  };
};
