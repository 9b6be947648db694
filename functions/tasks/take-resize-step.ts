import type * as z from 'zod/mini';
import {
  afterRefusal,
  byHand,
  decideResizeStep,
  isLackOfCapacity,
  type ResizeOperation,
  type ResizeStep,
} from '../domain/decide-resize-step.ts';
import type { SeenWork } from '../domain/decide-wave.ts';
import type { Incident, JournalEntry, PlannedCall } from '../domain/incident.ts';
import { changeBudgetSeconds } from '../domain/limits.ts';
import type { Mode } from '../domain/mode.ts';
import {
  changeTypeCall,
  enterStandbyCall,
  exitStandbyCall,
  resizeSnapshotCall,
  startCall,
  stopCall,
} from '../domain/resize-calls.ts';
import { inFlight, type Resize, type ResizeRecord, withResize } from '../domain/resize-record.ts';
import { secondsBetween } from '../domain/times.ts';
import type { resizeRoundState } from '../events/hold-state.ts';
import { describeAwsError, isRefusal } from './aws-error.ts';
import { clientsFor, lookAtResize, type ResizeClients, type ResizeDependencies } from './look-at-resizes.ts';
import { createInstanceNotes } from './note-group.ts';
import { readModeOrUndefined } from './read-mode.ts';
import { withLease } from './with-lease.ts';

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

/** The calls of a step. */
const callsOf = (
  operation: ResizeOperation,
  { group }: SeenWork,
  resize: Resize,
  isForced: boolean,
): PlannedCall[] => {
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
 * lowered first.
 */
const exceedsMaximum = ({ group }: SeenWork, exits: number): boolean =>
  group.desiredCapacity + exits + 1 > group.maxSize;

const errorOf = (error: unknown): { name: string; text: string } => ({
  name: error instanceof Error ? error.name : '',
  text: describeAwsError(error),
});

/**
 * Takes one kind of step with every instance that is due for it, each looked at again right before, group by group
 * under the group's lease. Written before done: whatever dies, the record says what was asked.
 *
 * @param operation the step; a state of `statemachines/resize-in-place.asl.json`
 */
export const createTakeResizeStep = (dependencies: ResizeDependencies, operation: ResizeOperation) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  /** Forward only as long as nothing ended the run; home always. */
  const mayGo = ({ direction }: Resize, incident: Incident, mode: Mode | undefined): boolean => {
    if (direction === 'HOME') return true;
    if (incident.status === 'RELEASING') return false;
    return mode === 'live' || (mode === undefined && operation !== 'EnterStandby');
  };

  const makeCalls = async ({ autoScaling, ec2 }: ResizeClients, calls: PlannedCall[]): Promise<void> => {
    for (const call of calls) {
      if (call.service === 'AutoScaling') await autoScaling.make(call);
      else await ec2.make(call);
    }
  };

  /** Carries out a step of one group under its lease. */
  const takeSteps = async (
    clients: ResizeClients,
    incident: Incident,
    mode: Mode | undefined,
    name: string,
    result: ResizeStepResult,
    journal: JournalEntry[],
  ): Promise<void> => {
    const looked = await lookAtResize(clients, store, incident.incidentId, name);
    if (looked?.seen === undefined) return;
    const { seen } = looked;
    let record: ResizeRecord = looked.resize;
    const write = async (instanceId: string, change: Partial<Resize>): Promise<void> => {
      if (record.work === undefined) return;
      record = await store.writeResize({ ...record, work: withResize(record.work, instanceId, change) });
    };
    const entered: string[] = [];
    let exits = 0;

    for (const resize of inFlight(looked.work)) {
      const { instanceId } = resize;
      const facts = seen.seen.get(instanceId);
      if (facts === undefined) continue;
      const step: ResizeStep = decideResizeStep(resize, facts, clock.now());
      if (step.action !== 'CALL' || step.operation !== operation) continue;
      const note = createInstanceNotes(journal, clock, dependencies.tell, name, instanceId);
      if (!mayGo(resize, incident, mode)) {
        result.hasToWait = true;
        continue;
      }
      if (operation === 'EnterStandby' && !keepsFloor(seen, entered, instanceId)) {
        note(
          'kept',
          `is not taken out of service now: ${seen.healthy.size} are healthy, and the floor is ${looked.work.floor}`,
        );
        result.hasToWait = true;
        continue;
      }
      if (operation === 'ExitStandby' && exceedsMaximum(seen, exits)) {
        await clients.autoScaling.make({
          service: 'AutoScaling',
          operation: 'SetDesiredCapacity',
          input: {
            AutoScalingGroupName: name,
            DesiredCapacity: seen.group.maxSize - exits - 1,
            HonorCooldown: false,
          },
          reason: 'leaving Standby raises desired capacity by one, and it must not exceed the maximum',
        });
      }
      const calls = callsOf(operation, seen, resize, step.isForced);
      await write(instanceId, { stage: step.stage, stageAt: clock.now(), isForced: step.isForced });
      try {
        const snapshots =
          operation === 'ChangeInstanceType' &&
          resize.direction === 'FORWARD' &&
          incident.resize?.snapshot === true &&
          resize.snapshotIds === undefined
            ? await clients.ec2.createSnapshots(resizeSnapshotCall(name, instanceId))
            : undefined;
        if (snapshots !== undefined) {
          await write(instanceId, { snapshotIds: snapshots });
          note('evidence', `its volumes are snapshotted: ${snapshots.join(', ')}`);
        }
        await makeCalls(clients, calls);
      } catch (error) {
        result.hasToWait = true;
        const text = describeAwsError(error);
        // Its own errors and silences say nothing of what was asked; a lack of room is AWS's own error, and does.
        const after = afterRefusal(
          resize,
          operation,
          errorOf(error),
          facts.ec2?.instanceType ?? resize.originalType,
          clock.now(),
        );
        const isAnswer = isRefusal(error) || isLackOfCapacity(errorOf(error).name);
        if (!isAnswer) {
          note('failed', `${operation}: ${text}; looked at again`);
          continue;
        }
        if (after.action === 'TURN') {
          await write(instanceId, after.change);
          note(after.change.failure === undefined ? 'failed' : 'turned', after.reason);
          if (
            after.change.failure !== undefined &&
            record.work?.endsBecause === undefined &&
            record.work !== undefined
          ) {
            record = await store.writeResize({
              ...record,
              work: { ...record.work, endsBecause: `${instanceId} failed: ${after.change.failure}` },
            });
          }
        } else if (after.action === 'END') {
          await write(instanceId, {
            stage: 'ENDED',
            stageAt: clock.now(),
            outcome: after.outcome,
            failure: after.reason,
          });
          if (record.work !== undefined && record.work.endsBecause === undefined) {
            record = await store.writeResize({
              ...record,
              work: { ...record.work, endsBecause: `${instanceId}: ${after.reason}` },
            });
          }
          if (after.outcome === 'LEFT') note('left', `${after.reason}. ${byHand(name, instanceId)}`);
          else note('kept', after.reason);
        }
        continue;
      }
      if (operation === 'EnterStandby') {
        entered.push(instanceId);
        await write(instanceId, { hasEntered: true });
      }
      if (operation === 'ExitStandby') exits += 1;
      note('step', `${saidOf[operation]}${step.isForced ? ', by force' : ''}: ${step.reason}`, calls);
      result.taken += 1;
    }
  };

  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const startedAt = clock.now();
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const clients = clientsFor(dependencies, incident.mode);
    for (const { autoScalingGroupName: name, work } of await store.readResizes(
      await store.readIncidentGroups(incidentId),
    )) {
      if (work?.incidentId !== incidentId || inFlight(work).length === 0) continue;
      const journal: JournalEntry[] = [];
      const isInTime = secondsBetween(startedAt, clock.now()) < changeBudgetSeconds;
      const done = isInTime
        ? await withLease(dependencies, name, async () => {
            await takeSteps(clients, incident, mode, name, result, journal);
            return true;
          })
        : undefined;
      if (done === undefined) result.hasToWait = true;
      if (journal.length > 0) await store.appendJournal(incidentId, journal);
    }
    return result;
  };
};
