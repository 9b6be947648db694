import { createAutoScalingService } from '../../rehearsal/cloud/auto-scaling.ts';
import type { AutoScalingQuirks, GroupSpec, World } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { runInVirtualTime, type VirtualTime } from '../../rehearsal/virtual-time.ts';
import { smallGroup } from './small-incident.ts';

/** An event of Auto Scaling, as far as tests look at it. */
export interface AutoScalingEvent {
  'detail-type': string;
  detail: Record<string, unknown>;
}

export const calmWorld: World = {
  bootFactor: () => 1,
  launchOutcome: () => ({ kind: 'well' }),
  hasCapacity: () => true,
  isOffered: () => true,
  startsDeaf: () => false,
  restartsEverySeconds: () => undefined,
  checkRound:
    () =>
    ({ ec2 }) =>
      ec2.state === 'running',
};

/** Runs a body over one group, with the reconcile loop every ten seconds. */
export const withGroup = (
  body: (cloud: {
    time: VirtualTime;
    service: ReturnType<typeof createAutoScalingService>;
    group: ReturnType<ReturnType<typeof createAutoScalingService>['createGroup']>;
    call: (operation: string, input?: Record<string, unknown>) => object;
    inService: () => number;
    /** What the service put on the bus. */
    events: AutoScalingEvent[];
  }) => Promise<void>,
  {
    spec = {},
    quirks = {},
    world = calmWorld,
  }: { spec?: Partial<GroupSpec>; quirks?: Partial<AutoScalingQuirks>; world?: World } = {},
) =>
  runInVirtualTime('2026-03-02T03:00:00.000Z', 1, async (time) => {
    const events: AutoScalingEvent[] = [];
    const service = createAutoScalingService(
      time,
      world,
      {
        desiredFallsWhileTerminateIsSuspended: true,
        suspensionDelaySeconds: 0,
        othersShareOfCalls: 0,
        metricDelayMinutes: 0,
        scaleInWaitsForReplacements: false,
        endsPendingWhileTerminateIsSuspended: false,
        ec2StaleSeconds: 0,
        updateResumesWhatOthersSuspended: false,
        marksFewWhenAllFail: false,
        ec2EndsPerHour: 0,
        protectionIsAllOrNothing: true,
        terminatesWaitingInstances: true,
        abandonRunsTerminationHooks: true,
        abandonSendsLaunchUnsuccessful: true,
        limitsFailingLaunches: false,
        exitStandbyKeepsToMaximum: true,
        startFailsLater: false,
        ec2TimeFactor: 1,
        stuckStopRate: 0,
        impairedStartRate: 0,
        deafStartRate: 0,
        reservationsTakeRunning: false,
        reservationDelaySeconds: 0,
        standbyLagSeconds: 0,
        ...quirks,
      },
      () => {},
      (event) => events.push(event as AutoScalingEvent),
      () => {},
    );
    const group = service.createGroup(smallGroup('web', spec));
    time.every(10, service.reconcile);
    const call = (operation: string, input: Record<string, unknown> = {}) =>
      service.handle(operation, { AutoScalingGroupName: 'web', ...input });
    const inService = () =>
      group.instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length;
    await body({ time, service, group, call, inService, events });
  });
