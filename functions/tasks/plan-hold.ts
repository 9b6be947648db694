import type * as z from 'zod/mini';
import type { AutoScaling } from '../aws/auto-scaling.ts';
import type { StepFunctions } from '../aws/step-functions.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import type { Clock } from '../clock.ts';
import { optInTag } from '../domain/auto-scaling-group.ts';
import { InvalidInputError } from '../domain/errors.ts';
import type { HoldSettings } from '../domain/hold-effects.ts';
import type { Incident, IncidentAlarm, JournalEntry, PlannedCall } from '../domain/incident.ts';
import { lowestMode, type Mode } from '../domain/mode.ts';
import { isHeld, planHold } from '../domain/plan-hold.ts';
import { addSeconds } from '../domain/times.ts';
import { parseHoldInput } from '../events/hold-input.ts';
import type { planHoldState } from '../events/hold-state.ts';
import type { Policy } from '../events/policy.ts';
import type { Store } from '../state/store.ts';

/** What PlanHold needs. */
export interface PlanHoldDependencies {
  autoScaling: (mode: Mode) => AutoScaling;
  stepFunctions: StepFunctions;
  killSwitch: KillSwitch;
  store: Store;
  clock: Clock;
  policy: Policy;
  stageMode: Mode;
}

/**
 * - `HOLD`: the incident is open, go on.
 * - `REPORT`: dry run; `calls` is what would have been done.
 * - `REFUSE`: nothing may be done, and why.
 */
export interface PlanHoldResult {
  action: 'HOLD' | 'REPORT' | 'REFUSE';
  incidentId: string;
  mode: Mode;
  reason: string;
  groups: number;
  refused: number;
  /** The first calls of the plan; all of them are in the journal. */
  calls: PlannedCall[];
  callsLeftOut: number;
}

/** Calls shown in an execution's output, which may not exceed 256 KiB. */
const callsShown = 100;

/** What an input asks for, whoever gave it. */
interface Request {
  rule?: string;
  alarm?: IncidentAlarm;
  reason: string;
  names: string[];
  tags: Record<string, string> | undefined;
  settings: HoldSettings;
  dryRun: boolean;
}

const toRequest = (input: unknown, policy: Policy): Request => {
  const parsed = parseHoldInput(input);
  if (parsed.trigger === 'manual') {
    return {
      reason: parsed.reason,
      names: 'autoScalingGroupNames' in parsed.targets ? parsed.targets.autoScalingGroupNames : [],
      tags: 'tags' in parsed.targets ? parsed.targets.tags : undefined,
      settings: parsed.settings,
      dryRun: parsed.dryRun,
    };
  }
  const rule = policy.rules.find(({ name }) => name === parsed.rule);
  if (rule === undefined) {
    throw new InvalidInputError(
      `rule: found "${parsed.rule}"; allowed: ${policy.rules.map(({ name }) => name).join(', ')}, the rules of the deployed policy`,
    );
  }
  return {
    rule: rule.name,
    alarm: parsed.alarm,
    reason: `rule ${rule.name}: alarm ${parsed.alarm.alarmName} in ALARM since ${parsed.alarm.stateTimestamp}`,
    names: [],
    tags: rule.targets.tags,
    settings: rule.settings,
    dryRun: parsed.dryRun,
  };
};

/**
 * The execution that tends this alarm for this rule already, if one does: an alarm that flaps is one incident. Its
 * name is used up all the same, so that nobody takes the signal up again after a person has stopped that execution.
 */
const findTending = async (
  { store, stepFunctions }: PlanHoldDependencies,
  incidentId: string,
  request: Request,
): Promise<string | undefined> => {
  if (request.alarm === undefined) return undefined;
  const candidates = (await store.listOpenIncidents()).filter(
    (incident) =>
      incident.incidentId !== incidentId &&
      incident.status === 'HELD' &&
      incident.rule === request.rule &&
      incident.alarm?.alarmArn === request.alarm?.alarmArn,
  );
  for (const candidate of candidates) {
    if (await stepFunctions.isRunning(candidate.incidentId)) return candidate.incidentId.split(':').at(-1);
  }
  return undefined;
};

/**
 * Finds the groups, plans the hold, opens the incident. Changes nothing in AWS.
 *
 * @throws InvalidInputError for an input that cannot be understood
 * @throws UnreadableFactError when the kill switch cannot be read
 */
export const createPlanHold =
  (dependencies: PlanHoldDependencies) =>
  async (state: z.output<typeof planHoldState>): Promise<PlanHoldResult> => {
    const { killSwitch, store, clock, policy, stageMode } = dependencies;
    const incidentId = state.executionArn;
    const request = toRequest(state.input, policy);
    const mode = lowestMode(stageMode, await killSwitch.read(), request.dryRun ? 'dry-run' : 'live');
    const now = clock.now();
    const result = { incidentId, mode, groups: 0, refused: 0, calls: [], callsLeftOut: 0 };
    const tendedBy = await findTending(dependencies, incidentId, request);
    if (mode === 'off' || tendedBy !== undefined) {
      const reason =
        mode === 'off'
          ? 'the mode is off; nothing was looked at'
          : `the execution ${tendedBy} tends this alarm already`;
      await store.appendJournal(incidentId, [{ at: now, event: 'refused', message: reason }]);
      return { ...result, action: 'REFUSE', reason };
    }

    const autoScaling = dependencies.autoScaling(mode);
    const groups =
      request.tags === undefined
        ? await autoScaling.describeAutoScalingGroups(request.names)
        : await autoScaling.describeAutoScalingGroupsByTags({
            ...request.tags,
            [optInTag.key]: optInTag.value,
          });
    const plan = planHold(groups, request.names, request.settings, request.reason);
    const held = plan.groups.filter(isHeld);
    const calls = held.flatMap((group) => group.calls);

    const would = mode === 'live' ? 'will' : 'would';
    const entries: JournalEntry[] = plan.groups.map((group) =>
      group.action === 'HOLD'
        ? {
            at: now,
            event: 'planned',
            autoScalingGroupName: group.autoScalingGroupName,
            message: `${would} hold ${group.autoScalingGroupName}: ${group.reason}`,
            calls: group.calls,
          }
        : {
            at: now,
            event: 'refused',
            autoScalingGroupName: group.autoScalingGroupName,
            message: `${group.autoScalingGroupName} is left alone: ${group.reason}`,
          },
    );
    if (plan.refusal !== undefined) entries.push({ at: now, event: 'refused', message: plan.refusal });
    await store.appendJournal(incidentId, entries);

    const summary = {
      ...result,
      groups: held.length,
      refused: plan.groups.length - held.length,
      calls: calls.slice(0, callsShown),
      callsLeftOut: Math.max(0, calls.length - callsShown),
    };
    if (plan.refusal !== undefined) return { ...summary, action: 'REFUSE', reason: plan.refusal };
    if (mode === 'dry-run') {
      return { ...summary, action: 'REPORT', reason: `dry run: ${request.reason}` };
    }

    const incident: Incident = {
      incidentId,
      remediation: state.remediation,
      ...(request.rule === undefined ? {} : { rule: request.rule }),
      ...(request.alarm === undefined ? {} : { alarm: request.alarm }),
      reason: request.reason,
      mode,
      settings: request.settings,
      startedAt: now,
      expiresAt: addSeconds(now, request.settings.expiresAfterSeconds),
      status: 'HELD',
    };
    await store.createIncident(
      incident,
      held.map(({ autoScalingGroupName }) => autoScalingGroupName),
    );
    // The calls are in the journal; what an execution carries from state to state stays small.
    return { ...summary, action: 'HOLD', reason: request.reason, calls: [], callsLeftOut: calls.length };
  };
