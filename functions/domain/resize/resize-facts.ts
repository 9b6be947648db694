import type { Mode } from '../mode.ts';

/** The steps that call AWS; each is a state of the state machine. */
export type ResizeOperation =
  | 'EnterStandby'
  | 'StopInstance'
  | 'ChangeInstanceType'
  | 'StartInstance'
  | 'ExitStandby';

/** What went wrong with one instance; why its way home began. Stored: a word stays, or old records are unreadable. */
export type InstanceFailure =
  | { because: 'UNHEALTHY'; instanceType: string; seconds: number }
  | { because: 'UNSTEADY'; instanceType: string; healthyForSeconds: number; seconds: number }
  | { because: 'CHECKS_FAILED'; instanceType: string; seconds: number }
  | { because: 'STOPPED_AGAIN'; instanceType: string; stateReason: string }
  | { because: 'NOT_STARTED'; instanceType: string; error: string }
  | { because: 'STEP_REFUSED'; operation: ResizeOperation; seconds: number; error: string }
  | { because: 'NO_CAPACITY'; instanceTypes: string[]; availabilityZone: string }
  /** Nothing of its own: the run ended. */
  | { because: 'RUN_ENDED'; ends: RunEnd };

/** What a resize that ended rests on. */
export type ResizeEnd =
  | { because: 'IN_SERVICE_AND_NOT_RUNNING'; state: string | undefined }
  | { because: 'NOTHING_DONE'; failure: StoredFailure | undefined }
  | { because: 'NOT_TAKEN_OUT_OF_SERVICE'; seconds: number }
  | { because: 'IN_SERVICE_AND_HEALTHY'; instanceType: string; failure?: StoredFailure | undefined }
  | { because: 'HEALTH_UNKNOWN'; instanceType: string }
  | { because: 'UNHEALTHY_AT_HOME'; failure: InstanceFailure }
  | { because: 'UNKNOWN_TO_EC2'; seconds: number }
  | { because: 'TERMINATED_IN_STANDBY' }
  | { because: 'TOO_LONG_ON_ITS_WAY'; state: string; seconds: number; failure: StoredFailure | undefined }
  | { because: 'PENDING_TOO_LONG'; seconds: number }
  | { because: 'FORCED_STOP_HANGS'; seconds: number }
  | { because: 'LEFT_THE_GROUP'; lifecycleState: string | undefined }
  | { because: 'HANGS_IN_STATE'; lifecycleState: string; seconds: number }
  | { because: 'NOT_IN_SERVICE' }
  | { because: 'NO_SUCH_GROUP' }
  | { because: 'EVERY_TYPE_FAILED'; failure: InstanceFailure; seconds: number }
  | InstanceFailure;

/** What a turn rests on: what was tried failed, and the next look goes on from there. */
export type ResizeTurn =
  | { because: 'BROUGHT_HOME_AS'; failure: InstanceFailure; instanceType: string }
  | { because: 'NEXT_TYPE'; failure: InstanceFailure; instanceType: string }
  | { because: 'ALL_TYPES_AGAIN'; failure: InstanceFailure }
  | { because: 'REFUSED_FOR_NOW'; operation: ResizeOperation; error: string }
  | InstanceFailure;

/** What a step that calls AWS rests on. */
export type ResizeCause =
  | { because: 'IN_SERVICE'; instanceType: string; wantedType: string }
  | { because: 'UNHEALTHY_WITH_ANOTHER_TYPE'; wantedType: string }
  | { because: 'NOT_RUNNING'; state: string }
  | { because: 'UNHEALTHY_AT_HOME'; failure: InstanceFailure }
  | { because: 'IN_STANDBY'; instanceType: string; wantedType: string }
  | { because: 'CHECKS_PASSED'; instanceType: string }
  | { because: 'STOP_HANGS'; seconds: number }
  | { because: 'STOPPED_WITH_ITS_TYPE'; instanceType: string }
  | { because: 'STOPPED_WITH_ANOTHER_TYPE'; instanceType: string; wantedType: string };

/** What a group waits for before a wave may begin. */
export type GroupWait =
  | { waitsFor: 'hold' | 'drains' | 'sizes' | 'Launch' }
  | { waitsFor: 'health'; healthy: number; floor: number };

/** Why no further instance is begun in a group. Stored: a word stays, or old records are unreadable. */
export type RunEnd =
  | { because: 'RELEASING'; reason: string | undefined }
  | { because: 'MODE'; mode: Mode }
  | { because: 'EXPIRED'; expiresAt: string }
  | { because: 'ROUNDS_MAX'; rounds: number }
  | { because: 'SCALING_PAUSED'; autoScalingGroupName: string; reason: string }
  | { because: 'NOT_OPTED_IN' }
  | { because: 'NO_SUCH_GROUP' }
  | { because: 'WAITED_TOO_LONG'; wait: GroupWait; seconds: number }
  | { because: 'INSTANCE_FAILED'; instanceId: string; failure: InstanceFailure }
  | { because: 'INSTANCE_ENDED'; instanceId: string; end: ResizeEnd };

/** As it is stored; a release before this one stored the sentence. */
export type StoredRunEnd = RunEnd | string;

/** As it is stored; a release before this one stored the sentence, and copies why the run ended as it finds it. */
export type StoredFailure = InstanceFailure | StoredRunEnd;
