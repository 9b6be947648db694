import {
  capacityInService,
  inServiceCount,
  isPending,
  type LaunchOutcome,
  type SimulatedGroup,
  type SimulatedInstance,
  type World,
} from './cloud/auto-scaling-group.ts';
import type { PacketLoss, Story } from './incident.ts';
import type { VirtualTime } from './virtual-time.ts';

/**
 * What the users and the network of a story do to the groups. A model made to retell, not measured: with packets
 * lost, threads wait for retransmissions, so an instance serves less and its CPU falls although the demand is there;
 * when the loss ends, the demand that was held back comes on top; an instance with more demand than it can serve
 * answers its health check late or not at all.
 * Source of the story: Slack, "Slack's outage on January 4th 2021".
 */
export interface Workload extends World {
  /** Average CPU utilisation of the group, in percent; `undefined` with nothing in service. */
  cpuUtilization(group: SimulatedGroup): number | undefined;
  /** Share of the group's workers that are busy, in percent; `undefined` with nothing in service. */
  workersBusy(group: SimulatedGroup): number | undefined;
  /** What the probe measures, in percent, or nothing when its own packets do not arrive. */
  probePacketLoss(): number | undefined;
  /** How many instances in service the demand needs. */
  neededInService(group: SimulatedGroup): number;
}

/** An instance is meant to run at no more than this share of its CPU. */
const comfortableShare = 0.9;
/** How much longer a request holds its worker when all packets are lost, as a factor beside the work itself. */
const waitingFactor = 4;
/** Demand held back comes on top for so long after a loss. */
const backlogSeconds = 900;
const backlogFactor = 1.35;

/** Creates the workload of an incident. `alive` counts what the group has. */
export const createWorkload = (time: VirtualTime, incident: Story): Workload => {
  const isNow = ({ fromSeconds, untilSeconds }: { fromSeconds: number; untilSeconds: number }): boolean =>
    time.elapsedSeconds() >= fromSeconds && time.elapsedSeconds() < untilSeconds;
  /** The first of some faults that a group has now. */
  const faultOf = <Fault extends { groups: string[]; fromSeconds: number; untilSeconds: number }>(
    faults: Fault[] | undefined,
    autoScalingGroupName: string,
  ): Fault | undefined =>
    faults?.find((fault) => fault.groups.includes(autoScalingGroupName) && isNow(fault));
  const lossNow = (): PacketLoss | undefined => incident.losses.find(isNow);
  let lossKnown = { at: -1, fraction: 0 };
  /** Fraction of packets lost now, from 0 to 1. */
  const lossFraction = (): number => {
    const at = time.elapsedSeconds();
    if (lossKnown.at !== at) {
      const loss = lossNow();
      lossKnown = { at, fraction: loss?.fraction(at - loss.fromSeconds) ?? 0 };
    }
    return lossKnown.fraction;
  };
  const isInBacklog = (): boolean =>
    incident.losses.some(({ untilSeconds }) => {
      const since = time.elapsedSeconds() - untilSeconds;
      return since >= 0 && since < backlogSeconds;
    });
  /** Requests a second that users send to the group now, those they repeat included. */
  const demand = (group: SimulatedGroup): number =>
    incident.load(group, time.elapsedSeconds()) * (isInBacklog() ? backlogFactor : 1);
  /** Demand as a share of what takes the instances in service to 100 % CPU. */
  const pressure = (group: SimulatedGroup): number =>
    demand(group) / (Math.max(1, capacityInService(group)) * group.requestsPerSecondAtFullCpu);

  return {
    cpuUtilization: (group) => {
      if (inServiceCount(group) === 0) return undefined;
      const threadsFree = Math.max(0.1, 1 - 2 * lossFraction());
      return 100 * Math.min(1, pressure(group) * threadsFree) * (0.98 + 0.04 * time.random());
    },

    // A request that waits for lost packets holds its worker all the time, and needs no CPU.
    workersBusy: (group) =>
      inServiceCount(group) === 0
        ? undefined
        : 100 * Math.min(1, pressure(group) * (1 + waitingFactor * lossFraction())),

    probePacketLoss: () => {
      const loss = lossNow();
      if (loss?.probeIsSilent?.(time.elapsedSeconds() - loss.fromSeconds) === true) return undefined;
      return 100 * lossFraction() * (0.9 + 0.2 * time.random());
    },

    neededInService: (group) =>
      Math.ceil(
        incident.load(group, time.elapsedSeconds()) / (comfortableShare * group.requestsPerSecondAtFullCpu),
      ),

    // Provisioning pulls packages over the same network, and one slow service provisions everybody.
    bootFactor: (group) => {
      const booting = group.instances.filter(isPending).length;
      return 1 + 8 * lossFraction() + booting / 25;
    },

    launchOutcome: (group: SimulatedGroup): LaunchOutcome =>
      faultOf(incident.launchFaults, group.name)?.outcome ?? { kind: 'well' },

    startsDeaf: (name) => faultOf(incident.startFaults, name) !== undefined,

    restartsEverySeconds: (name) => faultOf(incident.restartLoops, name)?.everySeconds,

    hasCapacity: (instanceType, availabilityZone) =>
      (incident.capacityShortages ?? []).every(
        (shortage) =>
          !shortage.instanceTypes.includes(instanceType) ||
          (shortage.availabilityZones !== undefined &&
            !shortage.availabilityZones.includes(availabilityZone)) ||
          !isNow(shortage),
      ),

    isOffered: (instanceType, availabilityZone) =>
      (incident.notOffered ?? []).every(
        (gap) => gap.instanceType !== instanceType || gap.availabilityZone !== availabilityZone,
      ),

    // Nothing changes while the instances of a group are checked.
    checkRound: (group: SimulatedGroup) => {
      const loss = lossFraction();
      const misjudged = faultOf(incident.healthCheckFaults, group.name);
      const overload = pressure(group) - 1.15;
      return ({ ec2, bootstrapFailure }: SimulatedInstance) => {
        if (ec2.state !== 'running' || bootstrapFailure !== undefined) return false;
        if (time.random() < loss) return false;
        if (misjudged !== undefined && time.random() < misjudged.fraction) return false;
        return overload <= 0 || time.random() > Math.min(0.8, overload);
      };
    },
  };
};
