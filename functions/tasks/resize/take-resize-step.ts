import type * as z from 'zod/mini';
import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { ResizeCall } from '../../aws/ec2-resize.ts';
import type { AutoScalingCall } from '../../domain/calls.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { changeBudgetSeconds } from '../../domain/limits.ts';
import type { Mode } from '../../domain/mode.ts';
import {
  afterRefusal,
  byHand,
  decideResizeStep,
  isLackOfCapacity,
  type ResizeOperation,
  type ResizeStep,
} from '../../domain/resize/decide-resize-step.ts';
import type { SeenWork } from '../../domain/resize/decide-wave.ts';
import {
  changeTypeCall,
  enterStandbyCall,
  exitStandbyCall,
  resizeSnapshotCall,
  startCall,
  stopCall,
} from '../../domain/resize/resize-calls.ts';
import {
  heldReservations,
  inFlight,
  type Resize,
  type ResizeRecord,
  withResize,
} from '../../domain/resize/resize-record.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes, createInstanceNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { withLease } from '../incidents/with-lease.ts';
import { clientsFor, lookAtResize, type ResizeClients, type ResizeDependencies } from './look-at-resizes.ts';

/** What one step came to. */
export interface ResizeStepResult {
  taken: number;
  /** Whether something could not be done now: the next look waits first. */
  hasToWait: boolean;
}

/** What the journal says of a step. */
const saidOf: Record<ResizeOperation, string> = {
  EnterStandby: 'enters Standby',
  StopInstance: 'is stopped',
  ChangeInstanceType: 'gets its type',
  StartInstance: 'is started',
  ExitStandby: 'leaves Standby',
};

/** A call that a step makes. */
type StepCall = AutoScalingCall | ResizeCall;

/** The calls of a step. */
const callsOf = (
  operation: ResizeOperation,
  { group }: SeenWork,
  resize: Resize,
  isForced: boolean,
): StepCall[] => {
  const { autoScalingGroupName } = group;
  const { instanceId, wantedType, originalType } = resize;
  switch (operation) {
    case 'EnterStandby':
      return [enterStandbyCall(autoScalingGroupName, instanceId)];
    case 'StopInstance':
      return [stopCall(instanceId, isForced)];
    case 'ChangeInstanceType':
      return [changeTypeCall(instanceId, wantedType, originalType)];
    case 'StartInstance':
      return [startCall(instanceId, wantedType)];
    case 'ExitStandby':
      return [exitStandbyCall(autoScalingGroupName, instanceId)];
  }
};

const errorOf = (error: unknown): { name: string; text: string } => ({
  name: error instanceof Error ? error.name : '',
  text: describeAwsError(error),
});

/**
 * Whether an instance may be taken out of service now: what is left must not be below the floor. One that is not
 * healthy serves nobody and leaves nobody short.
 */
const keepsFloor = ({ work, healthy }: SeenWork, entered: string[], instanceId: string): boolean => {
  const left = [...healthy].filter((id) => !entered.includes(id) && id !== instanceId).length;
  return !healthy.has(instanceId) || left >= work.floor;
};

/**
 * An exit raises desired capacity by one, and whether AWS lets it exceed the maximum is not settled: it is then
 * lowered first. Not where `Terminate` runs, which would end an instance for it.
 */
const callsBeforeExit = ({ group }: SeenWork, exits: number): StepCall[] =>
  group.desiredCapacity + exits + 1 <= group.maxSize || !group.suspendedProcesses.includes('Terminate')
    ? []
    : [
        {
          service: 'AutoScaling',
          operation: 'SetDesiredCapacity',
          input: {
            AutoScalingGroupName: group.autoScalingGroupName,
            DesiredCapacity: group.maxSize - 1,
            HonorCooldown: false,
          },
          reason: 'leaving Standby raises desired capacity by one, and it must not exceed the maximum',
        },
      ];

/** Whether an instance has yet to take its place of the capacity that is held. */
const needsItsPlace = ({ stage, hasStarted }: Resize): boolean =>
  stage !== 'ENDED' && stage !== 'EXITING' && !(stage === 'STARTING' && hasStarted);

/** One group while a step is taken in it. */
interface Taking {
  name: string;
  incident: Incident;
  mode: Mode | undefined;
  clients: ResizeClients;
  seen: SeenWork;
  record: ResizeRecord;
  /** Instances that entered Standby just now, and how many left it. */
  entered: string[];
  exits: number;
  journal: JournalEntry[];
  result: ResizeStepResult;
}

/**
 * Takes one kind of step with every instance that is due for it, each looked at again right before, group by group
 * under the group's lease. Written before done: whatever dies, the record says what was asked.
 *
 * @param operation the step; a state of `statemachines/resize-in-place.asl.yml`
 */
export const createTakeResizeStep = (dependencies: ResizeDependencies, operation: ResizeOperation) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  /** Forward only as long as nothing ended the run; home always. */
  const mayGo = ({ direction }: Resize, { incident, mode }: Taking): boolean => {
    if (direction === 'HOME') return true;
    if (incident.status === 'RELEASING') return false;
    return mode === 'live' || (mode === undefined && operation !== 'EnterStandby');
  };

  const makeCalls = async ({ autoScaling, ec2 }: ResizeClients, calls: StepCall[]): Promise<void> => {
    for (const call of calls) {
      if (call.service === 'AutoScaling') await autoScaling.make(call);
      else await ec2.make(call);
    }
  };

  const write = async (taking: Taking, instanceId: string, change: Partial<Resize>): Promise<void> => {
    const { work } = taking.record;
    if (work === undefined) return;
    taking.record = await store.writeResize({ ...taking.record, work: withResize(work, instanceId, change) });
  };

  /** Before desired capacity is lowered: whatever becomes of the exit, it is owed to the group. */
  const writeLowered = async (taking: Taking): Promise<void> => {
    const { work } = taking.record;
    if (work === undefined) return;
    const lowered = (work.lowered ?? 0) + 1;
    taking.record = await store.writeResize({ ...taking.record, work: { ...work, lowered } });
  };

  const noteFor = ({ journal, name }: Taking, instanceId: string) =>
    createInstanceNotes(journal, clock, name, instanceId);

  /** What went wrong with one ends the run, and is told before it is written: what ended is not looked at again. */
  const endRun = async (
    taking: Taking,
    instanceId: string,
    change: Partial<Resize>,
    event: 'turned' | 'left' | 'kept',
    reason: string,
  ): Promise<void> => {
    const { record, name, journal, incident } = taking;
    noteFor(taking, instanceId)(event, event === 'left' ? `${reason}. ${byHand(name, instanceId)}` : reason);
    await writeJournal(store, incident.incidentId, journal.splice(0));
    if (record.work === undefined) return;
    const work = withResize(record.work, instanceId, change);
    taking.record = await store.writeResize({
      ...record,
      work: { ...work, endsBecause: work.endsBecause ?? `${instanceId} failed: ${reason}` },
    });
  };

  const afterError = async (
    taking: Taking,
    resize: Resize,
    presentType: string,
    error: unknown,
  ): Promise<void> => {
    const { instanceId } = resize;
    const { name, text } = errorOf(error);
    taking.result.hasToWait = true;
    // Its own errors and silences say nothing of what was asked; a lack of room is AWS's own error, and does.
    if (!isRefusal(error) && !isLackOfCapacity(name)) {
      noteFor(taking, instanceId)('failed', `${operation}: ${text}; looked at again`);
      return;
    }
    const after = afterRefusal(resize, operation, { name, text }, presentType, clock.now());
    if (after.action === 'TURN' && after.change.failure === undefined) {
      noteFor(taking, instanceId)('failed', after.reason);
      await write(taking, instanceId, after.change);
    } else if (after.action === 'TURN') {
      await endRun(taking, instanceId, after.change, 'turned', after.reason);
    } else if (after.action === 'END') {
      const { outcome, reason } = after;
      const change = { stage: 'ENDED', stageAt: clock.now(), outcome, failure: reason } as const;
      await endRun(taking, instanceId, change, outcome === 'LEFT' ? 'left' : 'kept', reason);
    }
  };

  /** Whether the capacity that was held for an instance is still there: others' instances may have taken it. */
  const isCapacityHeld = async ({ record, clients }: Taking, resize: Resize): Promise<boolean> => {
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

  /** Why a step that is due is not taken now; `undefined` when it is. */
  const notNowBecause = (taking: Taking, resize: Resize): string | undefined => {
    const { seen, entered, record } = taking;
    if (!mayGo(resize, taking)) return '';
    return operation === 'EnterStandby' && !keepsFloor(seen, entered, resize.instanceId)
      ? `is not taken out of service now: ${seen.healthy.size} are healthy, and the floor is ${record.work?.floor}`
      : undefined;
  };

  const takeStep = async (taking: Taking, resize: Resize): Promise<void> => {
    const { seen, clients, incident, name, result } = taking;
    const { instanceId } = resize;
    const facts = seen.seen.get(instanceId);
    if (facts === undefined) return;
    const step: ResizeStep = decideResizeStep(resize, facts, clock.now());
    if (step.action !== 'CALL' || step.operation !== operation) return;
    const because = notNowBecause(taking, resize);
    if (because !== undefined) {
      if (because !== '') noteFor(taking, instanceId)('kept', because);
      result.hasToWait = true;
      return;
    }
    const presentType = facts.ec2?.instanceType ?? resize.originalType;
    const isForward = resize.direction === 'FORWARD';
    let going = resize;
    try {
      if (
        operation === 'StopInstance' &&
        isForward &&
        !step.isForced &&
        incident.resize?.reserveCapacity === true
      ) {
        if (!(await isCapacityHeld(taking, resize))) {
          // Nothing is stopped yet: it waits in Standby for capacity to be held anew.
          await write(taking, instanceId, { isReserved: false });
          noteFor(taking, instanceId)(
            'reserved',
            `others took the capacity of ${resize.wantedType} that was held for it`,
          );
          return;
        }
      }
      const asked: Partial<Resize> = {
        stage: step.stage,
        stageAt: clock.now(),
        isForced: step.isForced,
        // A refusal of an earlier step says nothing of this one.
        ...(resize.stage === step.stage ? {} : { refusedSince: undefined }),
        ...(operation === 'StartInstance' ? { hasStarted: false } : {}),
      };
      await write(taking, instanceId, asked);
      going = { ...resize, ...asked };
      const snapshots = operation === 'ChangeInstanceType' && isForward && incident.resize?.snapshot === true;
      if (snapshots && resize.snapshotIds === undefined) {
        const snapshotIds = await clients.ec2.createSnapshots(resizeSnapshotCall(name, instanceId));
        await write(taking, instanceId, { snapshotIds });
        noteFor(taking, instanceId)('evidence', `its volumes are snapshotted: ${snapshotIds.join(', ')}`);
      }
      const before = operation === 'ExitStandby' ? callsBeforeExit(seen, taking.exits) : [];
      if (before.length > 0) await writeLowered(taking);
      const calls = [...before, ...callsOf(operation, seen, resize, step.isForced)];
      await makeCalls(clients, calls);
      noteFor(taking, instanceId)(
        'step',
        `${saidOf[operation]}${step.isForced ? ', by force' : ''}: ${step.reason}`,
        { because: operation, calls },
      );
    } catch (error) {
      await afterError(taking, going, presentType, error);
      return;
    }
    if (going.refusedSince !== undefined) await write(taking, instanceId, { refusedSince: undefined });
    if (operation === 'EnterStandby') {
      taking.entered.push(instanceId);
      await write(taking, instanceId, { hasEntered: true });
    }
    if (operation === 'ExitStandby') taking.exits += 1;
    result.taken += 1;
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const startedAt = clock.now();
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const clients = clientsFor(dependencies, incident.mode);
    const names = await store.readIncidentGroups(incidentId);

    for (const { autoScalingGroupName: name, work } of await store.readResizes(names)) {
      if (work?.incidentId !== incidentId || inFlight(work).length === 0) continue;
      const journal: JournalEntry[] = [];
      const isInTime = secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;
      const takeSteps = async (): Promise<boolean> => {
        const looked = await lookAtResize(clients, store, incidentId, name);
        if (looked?.seen === undefined) return true;
        const { seen, resize: record } = looked;
        const taking: Taking = {
          name,
          incident,
          mode,
          clients,
          seen,
          record,
          entered: [],
          exits: 0,
          journal,
          result,
        };
        for (const resize of inFlight(looked.work)) await takeStep(taking, resize);
        return true;
      };
      try {
        const done = isInTime ? await withLease(dependencies, name, takeSteps) : undefined;
        if (done === undefined) result.hasToWait = true;
      } catch (error) {
        // One group that cannot be looked at never keeps the others from going home.
        createGroupNotes(
          journal,
          clock,
          name,
        )('failed', `${operation}: ${describeAwsError(error)}; tried again`);
        result.hasToWait = true;
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
