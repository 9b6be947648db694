import type { VirtualTime } from '../virtual-time.ts';
import { isSuspended, type SimulatedGroup, unitsInService } from './auto-scaling-group.ts';
import type { InstanceLifecycle } from './instance-lifecycle.ts';

/** How long a refresh waits for protected instances before it fails (API reference, RefreshPreferences, `Wait`). */
const protectedSecondsMax = 3600;

/** An instance refresh that acts on its group. */
export interface InstanceRefresh {
  status: 'InProgress' | 'Successful' | 'Failed';
  /** Instances that it has not replaced yet. */
  left: Set<string>;
  /** Since when nothing but protected instances is left. */
  waitsSince?: number;
}

/**
 * An instance refresh, one instance at a time: it ends one that was there when it began once all that is desired is in
 * service. It pauses while InstanceRefresh, Launch or Terminate is suspended, and waits for protected instances, for an
 * hour at most.
 * Source: Amazon EC2 Auto Scaling User Guide, "Instance refresh"; as-suspend-resume-processes; API reference.
 */
export const refreshInstances = (
  time: Pick<VirtualTime, 'now'>,
  lifecycle: Pick<InstanceLifecycle, 'terminate'>,
  group: SimulatedGroup,
): void => {
  const { refresh } = group;
  if (refresh?.status !== 'InProgress') return;
  if (['InstanceRefresh', 'Launch', 'Terminate'].some((process) => isSuspended(group, process))) return;
  if (unitsInService(group) < group.desiredCapacity) return;
  const left = group.instances.filter(
    ({ instanceId, lifecycleState }) => refresh.left.has(instanceId) && lifecycleState === 'InService',
  );
  if (left.length === 0) {
    refresh.status = 'Successful';
    return;
  }
  const next = left.find(({ protectedFromScaleIn }) => !protectedFromScaleIn);
  if (next === undefined) {
    refresh.waitsSince ??= time.now();
    if (time.now() - refresh.waitsSince >= protectedSecondsMax * 1000) refresh.status = 'Failed';
    return;
  }
  delete refresh.waitsSince;
  refresh.left.delete(next.instanceId);
  lifecycle.terminate(
    group,
    next,
    'refresh',
    'an instance was taken out of service in response to a refresh.',
  );
};
