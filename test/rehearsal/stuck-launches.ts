import type { LifecycleHookSpec } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { Part } from '../../rehearsal/random/parts.ts';

/** A launch hook in which launches wait. */
export const launchHook = (
  lifecycleHookName = 'bootstrap',
  defaultResult: LifecycleHookSpec['defaultResult'] = 'ABANDON',
): LifecycleHookSpec => ({
  lifecycleHookName,
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  heartbeatTimeoutSeconds: 7200,
  defaultResult,
});

/** From the first minute on launches of a group are stuck, for so many seconds; and somebody asks for three instances. */
export const stuckLaunches = (group: string, lasts: number): Part[] => [
  {
    kind: 'launches fail',
    from: 60,
    lasts,
    groups: [group],
    outcome: { kind: 'stuck', cause: 'the bootstrap hangs', consoleOutput: 'E: Failed to fetch\n' },
  },
  { kind: 'set desired capacity', from: 90, group, to: 3 },
];
