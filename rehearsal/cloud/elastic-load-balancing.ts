import type { VirtualTime } from '../virtual-time.ts';
import type { SimulatedGroup, SimulatedInstance } from './auto-scaling-group.ts';
import { shownState, targetGroupArnOf } from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';

/**
 * Target health as an Application Load Balancer judges it: a target changes its state only after several checks in
 * a row say so. Thresholds are a target group's settings.
 * Source: Elastic Load Balancing User Guide, "Health checks for your target groups".
 */
export interface TargetHealth {
  /** `initial` until the first verdict; AWS's own words for the rest. */
  state: 'initial' | 'healthy' | 'unhealthy';
  /** Checks in a row that contradict the state. */
  streak: number;
}

/** Checks in a row that make a healthy target unhealthy, and the reverse. */
const unhealthyThreshold = 3;
const healthyThreshold = 3;

/** A target that was just registered. */
export const registeredTarget = (): TargetHealth => ({ state: 'initial', streak: 0 });

/** The target after one more check. */
export const afterCheck = (target: TargetHealth, passed: boolean): TargetHealth => {
  const contradicts = target.state === 'healthy' ? !passed : passed;
  if (!contradicts) return { state: target.state, streak: 0 };
  const streak = target.streak + 1;
  if (target.state === 'healthy') {
    return streak >= unhealthyThreshold ? { state: 'unhealthy', streak: 0 } : { ...target, streak };
  }
  return streak >= healthyThreshold ? { state: 'healthy', streak: 0 } : { ...target, streak };
};

/** What the balancer says of an instance: it knows only what Auto Scaling registered (as-enter-exit-standby). */
const describeTarget = (instance: SimulatedInstance, now: number): { State: string; Reason?: string } => {
  const { ec2, target } = instance;
  const lifecycleState = shownState(instance, now);
  if (lifecycleState === 'EnteringStandby' || lifecycleState === 'Terminating') {
    return { State: 'draining', Reason: 'Target.DeregistrationInProgress' };
  }
  if (lifecycleState !== 'InService') return { State: 'unused', Reason: 'Target.NotRegistered' };
  if (ec2.state !== 'running') return { State: 'unused', Reason: 'Target.InvalidState' };
  return target.state === 'initial'
    ? { State: 'initial', Reason: 'Elb.InitialHealthChecking' }
    : { State: target.state };
};

/** Elastic Load Balancing, simulated as far as Auto Scaling groups need: one target group for each group behind one. */
export const createElasticLoadBalancingService = (
  time: Pick<VirtualTime, 'now'>,
  groups: Map<string, SimulatedGroup>,
) => ({
  handle: (operation: string, input: Record<string, unknown>): object => {
    if (operation !== 'DescribeTargetHealth') {
      throw new Error(`The simulated Elastic Load Balancing does not know ${operation} yet`);
    }
    const group = [...groups.values()].find(
      (candidate) => targetGroupArnOf(candidate) === input.TargetGroupArn,
    );
    if (group === undefined) {
      throw new CloudError('TargetGroupNotFound', `Target groups '${input.TargetGroupArn}' not found`);
    }
    // Not paged; without Targets it tells what is registered (API reference, DescribeTargetHealth).
    return {
      TargetHealthDescriptions: group.instances
        .map((instance) => ({
          Target: { Id: instance.instanceId },
          TargetHealth: describeTarget(instance, time.now()),
        }))
        .filter(
          ({ TargetHealth }) =>
            TargetHealth.State !== 'unused' || TargetHealth.Reason === 'Target.InvalidState',
        ),
    };
  },
});
