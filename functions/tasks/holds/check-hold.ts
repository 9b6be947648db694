import type * as z from 'zod/mini';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { CloudWatch } from '../../aws/cloudwatch.ts';
import type { StepFunctions } from '../../aws/step-functions.ts';
import type { KillSwitch } from '../../aws/systems-manager.ts';
import type { Clock } from '../../clock.ts';
import { type AlarmReading, decideHold, type HoldDecision, renewed } from '../../domain/holds/decide-hold.ts';
import { isInspectionDue } from '../../domain/holds/is-inspection-due.ts';
import { soonRounds } from '../../domain/holds/seconds-to-next-round.ts';
import { type Incident, mostSucceedSinceOf } from '../../domain/incident.ts';
import type { Mode } from '../../domain/mode.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import { tellHold } from '../../domain/telling/hold-sentences.ts';
import type { checkHoldState } from '../../events/hold-state.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { beginRelease } from '../incidents/end-incident.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { handOver } from './hand-over.ts';

/** What CheckHold needs. */
export interface CheckHoldDependencies {
  cloudWatch: CloudWatch;
  killSwitch: KillSwitch;
  store: Store;
  clock: Clock;
  stageMode: Mode;
  /** For what fails on where most succeed. */
  stepFunctions: StepFunctions;
  stateMachineArns: Record<Remediation, string>;
}

/** Whether the hold goes on, and the number of the next round. */
export interface CheckHoldResult {
  round: number;
  action: HoldDecision['action'];
  /** As `decideHold` says; of launches that cannot be read what was said before. */
  because: string;
  reason: string;
  /** Whether the groups are to be looked at more closely before the next round. */
  inspect: boolean;
  /** When that was last asked for. */
  inspectAskedAt?: string;
}

const readAlarm = async (cloudWatch: CloudWatch, incident: Incident): Promise<AlarmReading> => {
  if (incident.alarm === undefined) return { kind: 'none' };
  try {
    const alarm = await cloudWatch.describeAlarm(incident.alarm.alarmName);
    return alarm === undefined
      ? { kind: 'deleted' }
      : {
          kind: 'read',
          value: alarm.value,
          since: alarm.since,
          ...(alarm.lacksData === true ? { lacksData: true } : {}),
        };
  } catch (error) {
    return { kind: 'unreadable', error: describeAwsError(error) };
  }
};

/**
 * Reads the alarm and the kill switch again and decides whether the hold goes on. Renewing is one write, however
 * many groups are held, and happens only while what the hold is for is seen to go on.
 */
export const createCheckHold =
  (dependencies: CheckHoldDependencies) =>
  async (state: z.output<typeof checkHoldState>): Promise<CheckHoldResult> => {
    const { cloudWatch, killSwitch, store, clock, stageMode } = dependencies;
    const { incidentId } = state.plan;
    const { round } = state.applied;
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) {
      return {
        round: round + 1,
        action: 'RELEASE',
        because: 'RELEASING',
        reason: 'the incident was closed by the sweep',
        inspect: false,
      };
    }
    const alarm = await readAlarm(cloudWatch, incident);
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const { launches } = state.applied;
    const decided = decideHold(incident, { alarm, mode, round, launches }, clock.now());
    const waiting =
      decided.because === 'LAUNCHES_SUCCEED_IN_MOST_GROUPS'
        ? await handOver(dependencies, incident, decided.stillFailing)
        : [];
    const decision =
      waiting.length === 0
        ? decided
        : renewed(incident, clock.now(), { because: 'LAUNCHES_FAIL', waitingGroups: waiting.length });
    const reason = tellHold(decision);
    const areMost = launches?.stillFailing !== undefined;
    if (areMost && mostSucceedSinceOf(incident) === undefined) {
      await store.changeIncident(incidentId, { mostSucceedSince: clock.now() });
    }
    // What could not be read breaks no series of rounds.
    if (!areMost && launches !== undefined && mostSucceedSinceOf(incident) !== undefined) {
      await store.changeIncident(incidentId, { mostSucceedUntil: clock.now() });
    }
    if (decision.action === 'RELEASE') await beginRelease(store, clock, incident, reason);
    if (decision.because === 'OK_WITHOUT_DATA') {
      await store.changeIncident(incidentId, { okWithoutDataAt: clock.now() });
    }
    if (decision.action === 'KEEP' && decision.renewUntil !== undefined) {
      await store.changeIncident(incidentId, { expiresAt: decision.renewUntil });
    }
    const { action } = decision;
    // A round in which launches cannot be read changes nothing that was said before.
    const because =
      decision.because === 'LAUNCHES_UNREADABLE'
        ? (state.check?.because ?? decision.because)
        : decision.because;
    if (action === 'KEEP' && because !== state.check?.because) {
      await writeJournal(store, incidentId, [{ at: clock.now(), event: 'kept', because, text: reason }]);
    }
    const inspectAskedAt = state.check?.inspectAskedAt;
    // First every group is held, as far as that can be: what takes a call for each of them waits.
    const isHeld = (state.applied.unfinished ?? 0) === 0 || round > soonRounds;
    const inspect =
      action === 'KEEP' && isHeld && isInspectionDue(incident, inspectAskedAt, state.inspected, clock.now());
    const askedAt = inspect ? clock.now() : inspectAskedAt;
    return {
      round: round + 1,
      action,
      because,
      reason,
      inspect,
      ...(askedAt === undefined ? {} : { inspectAskedAt: askedAt }),
    };
  };
