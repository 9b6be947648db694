import type { CapacityReservationInstancePlatform } from '@aws-sdk/client-ec2';
import { remediationOf } from '../execution-arn.ts';
import type { InstanceFailure, StoredFailure, StoredRunEnd } from './resize-facts.ts';

/**
 * What was last asked for in the resize of one instance, written before it was asked.
 * - `CHOSEN`: nothing yet.
 * - `ENTERING`: to enter Standby.
 * - `STOPPING`, `CHANGING`, `STARTING`: to stop, to change its type, to start.
 * - `EXITING`: to leave Standby.
 * - `ENDED`: nothing more; `outcome` says how it ended.
 */
export type ResizeStage = 'CHOSEN' | 'ENTERING' | 'STOPPING' | 'CHANGING' | 'STARTING' | 'EXITING' | 'ENDED';

/**
 * How the resize of one instance ended.
 * - `RESIZED`: in service and healthy with a type that was asked for.
 * - `BROUGHT_HOME`: in service again after something went wrong; `instanceType` says with which type.
 * - `UNTOUCHED`: nothing was done to it.
 * - `GONE`: somebody or something else ended it.
 * - `LEFT`: left as it is for a person, who was told.
 */
export type ResizeOutcome = 'RESIZED' | 'BROUGHT_HOME' | 'UNTOUCHED' | 'GONE' | 'LEFT';

/** An instance that is to be resized. */
export interface ResizeCandidate {
  instanceId: string;
  availabilityZone: string;
  /** What a capacity reservation calls its platform; without one for it nothing is reserved. */
  platform: CapacityReservationInstancePlatform;
  originalType: string;
  /** Types that passed every check for it, in order of preference. */
  candidates: string[];
}

/** The resize of one instance that was begun. */
export interface Resize extends ResizeCandidate {
  chosenAt: string;
  stage: ResizeStage;
  stageAt: string;
  /** Whether it goes on to its new type, or back into service the shortest way. */
  direction: 'FORWARD' | 'HOME';
  /** The type it is to have when it starts next. */
  wantedType: string;
  /** Types that did not start, since it was last stopped. */
  tried: string[];
  /** Whether capacity for its start is held, or need not be. */
  isReserved: boolean;
  /** Whether it was taken out of service, so that desired capacity fell by one. */
  hasEntered: boolean;
  /** Whether the stop in flight is forced. */
  isForced: boolean;
  /** Since when AWS refuses the step, and when it last did. */
  refusedSince?: string | undefined;
  refusedAt?: string | undefined;
  /** Whether it left Standby since, so that desired capacity rose again by one. */
  hasExited?: boolean;
  /** Whether it is left for a person, in Standby: in service it would be ended once the group is given back. */
  isGivenUp?: boolean;
  /** Why it is; a release before this one did not store it. */
  failureAtHome?: InstanceFailure;
  /** Since when it is seen to stop, whoever asked for that. */
  stoppingSince?: string | undefined;
  /** Since when EC2 does not tell of it although its group does. */
  missingSince?: string | undefined;
  /** What the last looks say that would end its resize, or turn it home: one look alone may be from before. */
  doubt?: { because: string; since: string } | undefined;
  /** Whether it is the first of its group, which is watched for a while before others follow. */
  isCanary?: boolean;
  /** Since when every look found it in service and healthy. */
  wellSince?: string | undefined;
  /** Whether one did since it last left Standby. */
  wasWell?: boolean;
  /** Whether it was seen to start since it was last asked to. */
  hasStarted: boolean;
  /** When its way home began. */
  homeSince?: string;
  /** What went wrong first. */
  failure?: StoredFailure;
  snapshotIds?: string[];
  outcome?: ResizeOutcome;
  /** Type when it ended, as far as known. */
  instanceType?: string;
}

/** Capacity that was asked for, for the start of some instances of one zone. */
export interface Reservation {
  /** Written before it is asked for: the same token is the same reservation. */
  clientToken: string;
  instanceType: string;
  availabilityZone: string;
  platform: CapacityReservationInstancePlatform;
  count: number;
  instanceIds: string[];
  recordedAt: string;
  /** When AWS ends it by itself, should nobody else. */
  endsAt: string;
  capacityReservationId?: string;
  /** After AWS accepted that it is given up, or when there was none. */
  givenUpAt?: string;
}

/** Sizes that Holdfast changes for the time of a resize, written before the change. */
export interface ChangedSizes {
  before: { minSize: number; desiredCapacity: number };
  /** Every minimum that was set, or was about to be. */
  minSizes: number[];
  /** Set only where `Launch` runs although another hold wants it suspended: nothing may be missing then. */
  desiredCapacity?: number;
  changedAt: string;
}

/** The launch template a group launches from, as it was when the resize was planned. */
export interface TemplateFacts {
  launchTemplateId: string;
  /** `$Latest`, `$Default`, or a number. */
  version: string;
  /** The number behind it. */
  versionNumber: number;
  /** Whether the group's mixed instances policy names types of its own. */
  isOverridden?: boolean;
  instanceType?: string;
}

/** The resize of one group. As long as it is stored, nothing else drains or resizes the group. */
export interface ResizeWork {
  /** ARN of the execution that owns it. */
  incidentId: string;
  /** Of the group it is about: another one of its name is none of its affair. */
  autoScalingGroupArn?: string;
  startedAt: string;
  /** The fewest instances in service and healthy that may be left. */
  floor: number;
  waveSize: number;
  /** Instances not begun yet, in order. */
  queue: ResizeCandidate[];
  resizes: Resize[];
  reservations: Reservation[];
  sizes?: ChangedSizes;
  /** How often desired capacity was lowered to make room for one that leaves Standby, also where it then did not. */
  lowered?: number;
  /** When it was last lowered. */
  loweredAt?: string;
  /**
   * What desired capacity is to be once nothing of the group is in Standby: written before it is first raised so that one
   * that leaves Standby is not ended.
   */
  desiredInTheEnd?: number;
  launchTemplate?: TemplateFacts;
  /** Why no further instance is begun. */
  endsBecause?: StoredRunEnd;
  /** Since when nothing can be begun, because too few are healthy or something is not in force. */
  waitingSince?: string;
  /** What is waited for: another reason is waited for anew. */
  waitsFor?: string;
  /** Instances that the next wave takes out of service: the minimum leaves room for no more. */
  nextWave?: number;
  /** Since when no description has the group. */
  missingSince?: string | undefined;
  /** Set when the group is being restored: from then on its `Launch` is nobody's but the other holds'. */
  restoringSince?: string;
  /** Sizes that are set in the end, once decided: another try sets the same. */
  restore?: { minSize: number; desiredCapacity: number; appliedAt?: string };
  /** Set when everything but the launch template is as it should be in the end. */
  restoredAt?: string;
}

/** What is stored of the resize of one group. `work` is absent when there is none. */
export interface ResizeRecord {
  autoScalingGroupName: string;
  version: number;
  work?: ResizeWork;
}

/**
 * Whether this incident is a resize, and over in the group or ending: nothing more is resized, and nobody looks any more
 * whether what it holds is in force.
 */
export const isResizeEnding = ({ work }: Pick<ResizeRecord, 'work'>, incidentId: string): boolean =>
  remediationOf(incidentId) === 'resize-in-place' &&
  (work?.incidentId !== incidentId ||
    work.endsBecause !== undefined ||
    work.restoringSince !== undefined ||
    work.restoredAt !== undefined);

/** The record of a group that is not being resized. */
export const emptyResizeRecord = (autoScalingGroupName: string): ResizeRecord => ({
  autoScalingGroupName,
  version: 0,
});

/** The resizes that go on. */
export const inFlight = ({ resizes }: ResizeWork): Resize[] =>
  resizes.filter(({ stage }) => stage !== 'ENDED');

/** The work with one resize changed. */
export const withResize = (work: ResizeWork, instanceId: string, change: Partial<Resize>): ResizeWork => ({
  ...work,
  resizes: work.resizes.map((resize) =>
    resize.instanceId === instanceId && resize.stage !== 'ENDED' ? { ...resize, ...change } : resize,
  ),
});

/** The work with one reservation changed. */
export const withReservation = (
  work: ResizeWork,
  clientToken: string,
  change: Partial<Reservation>,
): ResizeWork => ({
  ...work,
  reservations: work.reservations.map((reservation) =>
    reservation.clientToken === clientToken ? { ...reservation, ...change } : reservation,
  ),
});

/** Reservations that may still be held. */
export const heldReservations = ({ reservations }: ResizeWork): Reservation[] =>
  reservations.filter(({ givenUpAt }) => givenUpAt === undefined);

/** Whether an incident resizes a group now: something is queued or in flight, and its sizes are not being set back. */
export const isResizedBy = (work: ResizeWork | undefined, incidentId: string): boolean =>
  work?.incidentId === incidentId &&
  work.restoringSince === undefined &&
  work.queue.length + work.resizes.length > 0;

/** Whether an instance has yet to take its place of the capacity that is held. */
export const needsItsPlace = ({ stage, hasStarted }: Resize): boolean =>
  stage !== 'ENDED' && stage !== 'EXITING' && !(stage === 'STARTING' && hasStarted);
