import type * as z from 'zod/mini';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { Ec2, Ec2Instance } from '../../aws/ec2.ts';
import { isOptedIn, optInTag } from '../../domain/auto-scaling-group.ts';
import { drainSnapshotCall } from '../../domain/drain/drain-snapshot-call.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { type Evidence, tellingLine } from '../../domain/launches/evidence.ts';
import { type Drain, hasEvidenceFor, withDrain } from '../../domain/launches/launch-record.ts';
import { drainAttemptsMax } from '../../domain/limits.ts';
import type { Mode } from '../../domain/mode.ts';
import { secondsBetween, spokenDuration } from '../../domain/times.ts';
import type { drainRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createInstanceNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { changeLaunches } from '../launches/change-launches.ts';

/** What KeepEvidence needs. */
export interface KeepEvidenceDependencies extends Omit<TaskDependencies, 'newOwner'> {
  ec2: (mode: Mode) => Ec2;
}

/** What one round did. */
export interface KeepEvidenceResult {
  kept: number;
  /** Instances whose evidence is not complete, or of which no snapshot could be made yet: they are not ended. */
  without: number;
}

/** Why no snapshot of an instance may be made. */
class NoSnapshotError extends Error {
  override name = 'NoSnapshotError';
}

/** What was gathered, and whether something of it could not be read only for the moment. */
interface Gathered {
  evidence: Evidence;
  isIncomplete: boolean;
}

/**
 * Keeps the evidence of every instance that was chosen, before anything is done to it. What cannot be read only for the
 * moment is tried again in the next rounds; what cannot be read then is named in the evidence and does not stop the
 * drain. A snapshot that was asked for and cannot be made does.
 */
export const createKeepEvidence = (dependencies: KeepEvidenceDependencies) => {
  const { killSwitch, store, clock, stageMode } = dependencies;

  const makeSnapshot = async (
    ec2: Ec2,
    name: string,
    instanceId: string,
    instance: Ec2Instance | undefined,
  ): Promise<string[]> => {
    if (instance === undefined) throw new NoSnapshotError('EC2 does not know the instance');
    if (!isOptedIn(instance)) {
      throw new NoSnapshotError(
        `the instance does not carry the tag ${optInTag.key}=${optInTag.value}; let the group propagate it at launch`,
      );
    }
    return ec2.createSnapshots(drainSnapshotCall(name, instanceId));
  };

  const gather = async (
    incident: Incident,
    autoScaling: AutoScaling,
    ec2: Ec2,
    name: string,
    drain: Drain,
  ): Promise<Gathered> => {
    const { instanceId, since, from } = drain;
    const now = clock.now();
    const problems: string[] = [];
    let isIncomplete = false;
    const attempt = async <Value>(what: string, read: () => Promise<Value>): Promise<Value | undefined> => {
      try {
        return await read();
      } catch (error) {
        problems.push(`${what} cannot be read (${describeAwsError(error)})`);
        isIncomplete ||= !isRefusal(error);
        return undefined;
      }
    };
    const [known] = await store.readEvidence(incident.incidentId, instanceId);
    const instance = await attempt('the instance', () => ec2.describeInstance(instanceId));
    const activity = (await attempt('its launch', () => autoScaling.describeLaunches(name)))?.find(
      (candidate) => candidate.instanceId === instanceId,
    );
    const hooks = await attempt('the launch hooks', () => autoScaling.describeLaunchHooks(name));
    const consoleOutput = await attempt('its console', () => ec2.getConsoleOutput(instanceId));
    const isLastTry = drain.attempts + 1 >= drainAttemptsMax;
    const mustSnapshot =
      (!isIncomplete || isLastTry) &&
      incident.drain?.snapshot === true &&
      (known?.snapshotIds ?? []).length === 0;
    const evidence: Evidence = {
      instanceId,
      autoScalingGroupName: name,
      takenAt: now,
      waitingSince: since,
      waitingSinceFrom: from,
      ...(instance === undefined ? {} : { instance }),
      ...(activity === undefined
        ? {}
        : {
            activity: {
              activityId: activity.activityId,
              cause: activity.cause,
              statusCode: activity.statusCode,
              statusMessage: activity.statusMessage,
            },
          }),
      launchHooks: (hooks ?? []).map((hook) => ({
        ...hook,
        heartbeatLeftSeconds: Math.max(0, hook.heartbeatTimeoutSeconds - secondsBetween(since, now)),
      })),
      ...(consoleOutput === undefined ? {} : { consoleOutput }),
      snapshotIds: mustSnapshot
        ? await makeSnapshot(ec2, name, instanceId, instance)
        : (known?.snapshotIds ?? []),
      problems,
    };
    return { evidence, isIncomplete: isIncomplete && !isLastTry };
  };

  const summary = ({ instance, consoleOutput, snapshotIds, problems, waitingSince, takenAt }: Evidence) =>
    [
      instance === undefined
        ? 'EC2 does not know it'
        : `${instance.instanceType} from ${instance.imageId} in ${instance.availabilityZone}, ${instance.subnetId}`,
      `waited ${spokenDuration(secondsBetween(waitingSince, takenAt))}`,
      `its console says: ${tellingLine(consoleOutput) ?? 'nothing'}`,
      ...(snapshotIds.length === 0 ? [] : [`snapshots ${snapshotIds.join(', ')}`]),
      ...problems,
    ].join('; ');

  return async (state: z.output<typeof drainRoundState>): Promise<KeepEvidenceResult> => {
    const { incidentId } = state.plan;
    const result: KeepEvidenceResult = { kept: 0, without: 0 };
    const incident = await store.readIncident(incidentId);
    if (incident?.status !== 'HELD') return result;
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    if (mode !== 'live') return result;
    const autoScaling = dependencies.autoScaling(mode);
    const ec2 = dependencies.ec2(mode);

    const journal: JournalEntry[] = [];
    for (const record of await store.readLaunches(await store.readIncidentGroups(incidentId))) {
      const { autoScalingGroupName: name } = record;
      for (const drain of record.drains) {
        if (drain.stage !== 'CHOSEN' || hasEvidenceFor(drain, incidentId)) continue;
        const note = createInstanceNotes(journal, clock, name, drain.instanceId);
        try {
          const { evidence, isIncomplete } = await gather(incident, autoScaling, ec2, name, drain);
          await store.keepEvidence(incidentId, evidence);
          await changeLaunches(store, name, (current) =>
            withDrain(
              current,
              drain,
              isIncomplete
                ? { attempts: drain.attempts + 1 }
                : { hasEvidence: true, attempts: 0, incidentId },
            ),
          );
          note(
            isIncomplete ? 'failed' : 'evidence',
            `${isIncomplete ? 'evidence is not complete, tried again' : 'evidence is kept'}: ${summary(evidence)}`,
          );
          if (isIncomplete) result.without += 1;
          else result.kept += 1;
        } catch (error) {
          const isRefused = error instanceof NoSnapshotError || isRefusal(error);
          const because = error instanceof NoSnapshotError ? error.message : describeAwsError(error);
          const attempts = drain.attempts + (isRefused ? 1 : 0);
          const isLeft = attempts >= drainAttemptsMax;
          await changeLaunches(store, name, (current) =>
            withDrain(
              current,
              drain,
              isLeft ? { attempts, stage: 'LEFT', stageAt: clock.now() } : { attempts },
            ),
          );
          note(
            isLeft ? 'left' : 'failed',
            `has no snapshot (${because}), so it is not ended${isLeft ? '; a person has to look' : '; tried again'}`,
          );
          result.without += 1;
        }
      }
    }
    await writeJournal(store, incidentId, journal);
    return result;
  };
};
