import type { VirtualTime } from '../virtual-time.ts';
import type { SimulatedGroup, SimulatedInstance } from './auto-scaling-group.ts';
import { shownState, targetGroupArnOf } from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';

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
