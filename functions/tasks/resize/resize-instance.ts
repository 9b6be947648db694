import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { Clock } from '../../clock.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Mode } from '../../domain/mode.ts';
import {
  afterRefusal,
  believedResizeStep,
  isLackOfCapacity,
  type ResizeStep,
} from '../../domain/resize/decide-resize-step.ts';
import { failureBehind, mayLeaveService, type SeenWork } from '../../domain/resize/decide-wave.ts';
import { resizeSnapshotCall, type StepCall, stepCall } from '../../domain/resize/resize-calls.ts';
import type { ResizeOperation, RunEnd } from '../../domain/resize/resize-facts.ts';
import {
  heldReservations,
  inFlight,
  needsItsPlace,
  type Resize,
  type ResizeRecord,
  type ResizeWork,
  withResize,
} from '../../domain/resize/resize-record.ts';
import { roomForExit } from '../../domain/resize/room-for-exit.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import { leftTodo, tellResizeEnd, tellStep, tellTurn } from '../../domain/telling/resize-sentences.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createInstanceNotes, type Note } from '../incidents/note-group.ts';
import type { ResizeClients } from './look-at-resizes.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/** One group while a step is taken in it. */
export interface ResizingGroup {
  operation: ResizeOperation;
  name: string;
  incident: Incident;
  mode: Mode | undefined;
  clients: ResizeClients;
  store: Store;
  clock: Clock;
  seen: SeenWork;
  /** Its record, written as the work goes on. */
  record: ResizeRecord;
  /** Instances that entered Standby just now, and how many left it. */
  entered: string[];
  exits: number;
  journal: JournalEntry[];
  result: ResizeStepResult;
}

type DueStep = Extract<ResizeStep, { action: 'CALL' }>;

const noteFor = ({ journal, clock, name }: ResizingGroup, instanceId: string): Note =>
  createInstanceNotes(journal, clock, name, instanceId);

const write = async (group: ResizingGroup, instanceId: string, change: Partial<Resize>): Promise<void> => {
  const { record, store } = group;
  if (record.work === undefined) return;
  group.record = await store.writeResize({ ...record, work: withResize(record.work, instanceId, change) });
};

/** Before desired capacity is changed for an exit: whatever becomes of the exit, it is owed to the group. */
const writeWork = async (group: ResizingGroup, change: Partial<ResizeWork>): Promise<void> => {
  const { work } = group.record;
  if (work === undefined) return;
  group.record = await group.store.writeResize({ ...group.record, work: { ...work, ...change } });
};

/**
 * Makes room for an instance to leave Standby.
 *
 * @returns the calls that were made for it; `undefined` when it has to wait
 */
const makeRoomForExit = async (group: ResizingGroup, instanceId: string): Promise<StepCall[] | undefined> => {
  const { seen, clients, exits, clock, record } = group;
  const { work } = record;
  if (work === undefined) return undefined;
  const room = roomForExit(seen.group, work, exits, clock.now());
  if (room.action === 'WAIT') return undefined;
  if (room.action === 'LOWER') {
    await writeWork(group, { lowered: (work.lowered ?? 0) + 1, loweredAt: clock.now() });
    await clients.autoScaling.make(room.call);
    noteFor(group, instanceId)('prepared', [room.call.reason].flat().join('; '), { calls: [room.call] });
    return undefined;
  }
  if (room.calls.length > 0 && work.desiredInTheEnd === undefined) {
    const outOfService = inFlight(work).filter(
      ({ hasEntered, hasExited }) => hasEntered && hasExited !== true,
    );
    await writeWork(group, { desiredInTheEnd: seen.group.desiredCapacity + exits + outOfService.length });
  }
  for (const call of room.calls) await clients.autoScaling.make(call);
  return room.calls;
};

/** What went wrong with one ends the run, and is told before it is written: what ended is not looked at again. */
const endRun = async (
  group: ResizingGroup,
  instanceId: string,
  change: Partial<Resize>,
  ends: RunEnd,
): Promise<void> => {
  const { record, journal, incident, store } = group;
  await writeJournal(store, incident.incidentId, journal.splice(0));
  if (record.work === undefined) return;
  const work = withResize(record.work, instanceId, change);
  const endsBecause = work.endsBecause ?? ends;
  group.record = await store.writeResize({ ...record, work: { ...work, endsBecause } });
};

/** Goes on after a call that failed: looks again, turns the instance home, or ends with it. */
const afterError = async (group: ResizingGroup, resize: Resize, error: unknown): Promise<void> => {
  const { operation, clock, seen } = group;
  const { instanceId, originalType } = resize;
  const name = error instanceof Error ? error.name : '';
  const text = describeAwsError(error);
  group.result.hasToWait = true;
  // Its own errors and silences say nothing of what was asked; a lack of room is AWS's own error, and does.
  if (!isRefusal(error) && !isLackOfCapacity(name)) {
    noteFor(group, instanceId)('failed', `${operation}: ${text}; looked at again`);
    return;
  }
  const presentType = seen.seen.get(instanceId)?.ec2?.instanceType ?? originalType;
  const after = afterRefusal(resize, operation, { name, text }, presentType, clock.now());
  const note = noteFor(group, instanceId);
  if (after.action === 'TURN') {
    const { change, turn } = after;
    const failure = failureBehind(turn);
    note(failure === undefined ? 'failed' : 'turned', tellTurn(turn), { because: turn.because });
    if (failure === undefined) await write(group, instanceId, change);
    else await endRun(group, instanceId, change, { because: 'INSTANCE_FAILED', instanceId, failure });
  } else if (after.action === 'END') {
    const { outcome, end } = after;
    const change = { stage: 'ENDED', stageAt: clock.now(), outcome } as const;
    const isInService = seen.seen.get(instanceId)?.lifecycleState === 'InService';
    const region = regionOf(group.incident.incidentId);
    const todo = outcome === 'LEFT' ? leftTodo(region, group.name, instanceId, isInService) : [];
    note(outcome === 'LEFT' ? 'left' : 'kept', tellResizeEnd(end), { because: end.because, todo });
    await endRun(group, instanceId, change, { because: 'INSTANCE_ENDED', instanceId, end });
  }
};

/** Whether the capacity that was held for an instance is still there: others' instances may have taken it. */
const isCapacityHeld = async ({ record, clients }: ResizingGroup, resize: Resize): Promise<boolean> => {
  const { work } = record;
  if (work === undefined) return false;
  const held = heldReservations(work).filter(
    ({ instanceIds, instanceType }) =>
      instanceIds.includes(resize.instanceId) && instanceType === resize.wantedType,
  );
  let available = 0;
  for (const { capacityReservationId: id } of held) {
    if (id !== undefined) {
      available += (await clients.ec2.describeReservation({ id }))?.availableInstanceCount ?? 0;
    }
  }
  const members = new Set(held.flatMap(({ instanceIds }) => instanceIds));
  return (
    available >= inFlight(work).filter((each) => members.has(each.instanceId) && needsItsPlace(each)).length
  );
};

/** Forward only as long as nothing ended the run; home always. */
const mayGo = ({ direction }: Resize, { incident, mode, operation }: ResizingGroup): boolean => {
  if (direction === 'HOME') return true;
  if (incident.status === 'RELEASING') return false;
  return mode === 'live' || (mode === undefined && operation !== 'EnterStandby');
};

/** Whether a step that is due may be taken now; where the floor forbids it, the journal says so. */
const mayTakeNow = (group: ResizingGroup, resize: Resize): boolean => {
  const { seen, entered, record, operation } = group;
  if (!mayGo(resize, group)) return false;
  if (operation !== 'EnterStandby' || mayLeaveService(seen, entered, resize.instanceId)) return true;
  noteFor(group, resize.instanceId)(
    'kept',
    `is not taken out of service now: ${seen.healthy.size} are healthy, and the floor is ${record.work?.floor}`,
  );
  return false;
};

/** Whether a stop has to wait, because the capacity that was held for the instance's new type is gone. */
const lostItsCapacity = async (group: ResizingGroup, resize: Resize, step: DueStep): Promise<boolean> => {
  const isAsked =
    group.operation === 'StopInstance' &&
    resize.direction === 'FORWARD' &&
    !step.isForced &&
    group.incident.resize?.reserveCapacity === true;
  if (!isAsked || (await isCapacityHeld(group, resize))) return false;
  // Nothing is stopped yet: it waits in Standby for capacity to be held anew.
  await write(group, resize.instanceId, { isReserved: false });
  noteFor(group, resize.instanceId)(
    'reserved',
    `others took the capacity of ${resize.wantedType} that was held for it`,
  );
  return true;
};

/** What is written before a step is taken. */
const askedOf = (
  operation: ResizeOperation,
  resize: Resize,
  step: DueStep,
  now: string,
): Partial<Resize> => ({
  stage: step.stage,
  stageAt: now,
  isForced: step.isForced,
  ...(step.givesUp === true && step.cause.because === 'UNHEALTHY_AT_HOME'
    ? { isGivenUp: true, failureAtHome: step.cause.failure }
    : {}),
  // A refusal of an earlier step says nothing of this one.
  ...(resize.stage === step.stage ? {} : { refusedSince: undefined, refusedAt: undefined }),
  ...(operation === 'StartInstance' ? { hasStarted: false } : {}),
});

/** Snapshots the volumes of an instance before its type is changed, once, where that is asked for. */
const snapshotIfAsked = async (group: ResizingGroup, resize: Resize): Promise<void> => {
  const { operation, incident, clients, name } = group;
  const { instanceId, direction, snapshotIds: known } = resize;
  const isAsked = operation === 'ChangeInstanceType' && incident.resize?.snapshot === true;
  if (!isAsked || known !== undefined) return;
  const note = noteFor(group, instanceId);
  let snapshotIds: string[];
  try {
    snapshotIds = await clients.ec2.createSnapshots(resizeSnapshotCall(name, instanceId));
  } catch (error) {
    if (direction === 'FORWARD') throw error;
    // Better home without one than not home.
    note(
      'failed',
      `its volumes could not be snapshotted (${describeAwsError(error)}); it is brought home without`,
    );
    return;
  }
  await write(group, instanceId, { snapshotIds });
  note('evidence', `its volumes are snapshotted: ${snapshotIds.join(', ')}`);
};

/** Makes the call of a step, and says so, with the calls that made room for it. */
const makeCall = async (
  group: ResizingGroup,
  resize: Resize,
  step: DueStep,
  before: StepCall[],
): Promise<void> => {
  const { operation, clients, name } = group;
  const call = stepCall(operation, name, resize, step.isForced);
  if (call.service === 'AutoScaling') await clients.autoScaling.make(call);
  else await clients.ec2.make(call);
  const calls = [...before, call];
  noteFor(group, resize.instanceId)('step', tellStep(operation, step.isForced, step.cause), {
    because: operation,
    calls,
  });
};

/**
 * Takes the group's step with one instance, if it is due for it and may go now.
 *
 * @param resize the instance, as it was looked at right before
 */
export const resizeInstance = async (group: ResizingGroup, resize: Resize): Promise<void> => {
  const { operation, clock, seen, result } = group;
  const { instanceId } = resize;
  const facts = seen.seen.get(instanceId);
  if (facts === undefined) return;
  const { step } = believedResizeStep(resize, facts, clock.now());
  if (step.action !== 'CALL' || step.operation !== operation) return;
  if (!mayTakeNow(group, resize)) {
    result.hasToWait = true;
    return;
  }
  let going = resize;
  try {
    if (await lostItsCapacity(group, resize, step)) return;
    const before = operation === 'ExitStandby' ? await makeRoomForExit(group, instanceId) : [];
    if (before === undefined) {
      result.hasToWait = true;
      return;
    }
    const asked = askedOf(operation, resize, step, clock.now());
    await write(group, instanceId, asked);
    going = { ...resize, ...asked };
    await snapshotIfAsked(group, resize);
    await makeCall(group, resize, step, before);
  } catch (error) {
    await afterError(group, going, error);
    return;
  }
  if (going.refusedSince !== undefined) {
    await write(group, instanceId, { refusedSince: undefined, refusedAt: undefined });
  }
  if (operation === 'EnterStandby') {
    group.entered.push(instanceId);
    await write(group, instanceId, { hasEntered: true, hasExited: false });
  }
  if (operation === 'ExitStandby') {
    group.exits += 1;
    await write(group, instanceId, { hasExited: true });
  }
  result.taken += 1;
};
