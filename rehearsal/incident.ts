import type { Remediation } from '../functions/domain/remediation-names.ts';
import type { GroupSpec, LaunchOutcome, SimulatedGroup } from './cloud/auto-scaling-group.ts';
import type { AlarmSpec } from './cloud/cloudwatch.ts';
import type { SimulatedCloud } from './cloud/simulated-cloud.ts';
import type { ServiceName } from './cloud/wire.ts';

/** Packet loss on the path of some groups, as a fraction of packets. */
export interface PacketLoss {
  /** What people would call it. */
  name: string;
  fromSeconds: number;
  untilSeconds: number;
  /** From 0 to 1, by seconds since it began. */
  fraction(secondsIn: number): number;
  /** While this returns true the probe's own metric does not arrive either. */
  probeIsSilent?(secondsIn: number): boolean;
}

/** A time in which launches of some groups come to nothing. */
export interface LaunchFault {
  /** What people would call it. */
  name: string;
  groups: string[];
  fromSeconds: number;
  untilSeconds: number;
  outcome: LaunchOutcome;
}

/** A time in which EC2 has no capacity on demand for some types. */
export interface CapacityShortage {
  instanceTypes: string[];
  /** All zones where nothing is said. */
  availabilityZones?: string[];
  fromSeconds: number;
  untilSeconds: number;
}

/** A time in which the load balancers of some groups misjudge what works. */
export interface HealthCheckFault {
  /** What people would call it. */
  name: string;
  groups: string[];
  fromSeconds: number;
  untilSeconds: number;
  /** Share of the checks of a good instance that fail, from 0 to 1. */
  fraction: number;
}

/** A time in which what is started does not serve: it runs, and its application answers nobody. */
export interface StartFault {
  /** What people would call it. */
  name: string;
  groups: string[];
  fromSeconds: number;
  untilSeconds: number;
}

/** A time in which what boots restarts again and again. */
export interface RestartLoop {
  /** What people would call it. */
  name: string;
  groups: string[];
  /** From when on what boots begins to restart. */
  fromSeconds: number;
  untilSeconds: number;
  /** When all that runs restarts by itself, booted or not. */
  allAtSeconds?: number;
  /** From one restart to the next. */
  everySeconds: number;
}

/** A service of the control plane that does not answer, or refuses, for a while. */
export interface ServiceOutage {
  service: ServiceName | 'DynamoDB';
  fromSeconds: number;
  untilSeconds: number;
  /** The code of its refusals; without it there is no answer at all, and the caller gives up. */
  error?: string;
}

/** An outage in words. */
export const tellOutage = ({ service, error }: ServiceOutage): string =>
  `${service} ${error === undefined ? 'does not answer' : `refuses with ${error}`}`;

/** A shortage in words. */
export const tellShortage = ({ instanceTypes, availabilityZones }: CapacityShortage): string =>
  `EC2 has no ${instanceTypes.join(' or ')}${availabilityZones === undefined ? '' : ` in ${availabilityZones.join(', ')}`}`;

/** Something a person does in the middle of the story. */
export interface Deed {
  atSeconds: number;
  text: string;
  /** Whether it is done with Holdfast's help only. */
  needsHoldfast?: boolean;
  /** Whether it is done only where there is no Holdfast. */
  unlessHoldfast?: boolean;
  act(cloud: SimulatedCloud): void;
}

/** A story to rehearse: declarative, with all numbers in one place. */
export interface Story {
  name: string;
  title: string;
  /** What happened once, in a few sentences, for the top of the report. */
  story: string[];
  /** Where it is told, where the rehearsal does otherwise, and what nobody could have saved. */
  source?: string[];
  simplified?: string[];
  couldNotSave?: string[];
  /** ISO 8601. */
  startsAt: string;
  durationSeconds: number;
  /** From when on it ends as soon as everything is given back; only at its end where nothing is said. */
  mayEndAfterSeconds?: number;
  groups: GroupSpec[];
  /**
   * Alarms beside those of the scaling policies. Their metric is `GroupPendingInstances` of the groups of a tier, or
   * else the loss the probe sees, in percent.
   */
  alarms: AlarmSpec[];
  /** Requests a second to a group, by seconds since the start. */
  load(group: SimulatedGroup, seconds: number): number;
  losses: PacketLoss[];
  launchFaults?: LaunchFault[];
  healthCheckFaults?: HealthCheckFault[];
  startFaults?: StartFault[];
  restartLoops?: RestartLoop[];
  capacityShortages?: CapacityShortage[];
  serviceOutages?: ServiceOutage[];
  /** Types that a zone does not offer at all. */
  notOffered?: { instanceType: string; availabilityZone: string }[];
  deeds?: Deed[];
  /** The remediations of which one is against the trouble; those against its faults where nothing is said. */
  remedies?: Remediation[];
  /** Processes that must be suspended in the end, by group; none where nothing is said. */
  suspendedAtEnd?: Record<string, string[]>;
  /** Groups that a live Holdfast must hold soon after the first alarm; none where nothing is said. */
  mustBeHeld?: string[];
  /** Groups that must lose no good instance with a live Holdfast, and must reach desired capacity in the end. */
  mustSurvive?: string[];
  /** Groups from which others than Holdfast take what serves, so that they may lack it although they are held. */
  mayLackCapacity?: string[];
  /** Executions that people of the story stop. */
  stoppedByPeople?: string[];
  /** The account's bucket for Auto Scaling calls. */
  autoScalingCallsPerSecond: number;
  autoScalingBurst: number;
}

/** Everything that goes wrong in a story, in words; of all groups where none are named. */
export const troublesOf = (
  story: Story,
): { name: string; groups?: string[]; fromSeconds: number; untilSeconds: number }[] => [
  ...story.losses,
  ...(story.launchFaults ?? []),
  ...(story.healthCheckFaults ?? []),
  ...(story.startFaults ?? []),
  ...(story.restartLoops ?? []),
  ...(story.serviceOutages ?? []).map((outage) => ({ ...outage, name: tellOutage(outage) })),
  ...(story.capacityShortages ?? []).map((shortage) => ({ ...shortage, name: tellShortage(shortage) })),
];

/** The name of a story before a live incident had it alone; others start from it. */
export type Incident = Story;
