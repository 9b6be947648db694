import type * as z from 'zod/mini';
import type { StepFunctions } from '../../aws/step-functions.ts';
import type { AutoScalingGroup } from '../../domain/auto-scaling-group.ts';
import type { PlannedCall } from '../../domain/calls.ts';
import { executionNameOf, stageOfExecution } from '../../domain/execution-arn.ts';
import { traitsTreated, whyTreated } from '../../domain/group-traits.ts';
import { isComplete } from '../../domain/group-units.ts';
import { holdTagValue } from '../../domain/holds/hold-tag.ts';
import { type HoldPlan, isHeld, planHold } from '../../domain/holds/plan-hold.ts';
import type { Selection, SelectionRefusal } from '../../domain/holds/select-groups.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { groupsMax as groupsAtMost } from '../../domain/limits.ts';
import { lowestMode, type Mode } from '../../domain/mode.ts';
import type { GroupTrait } from '../../domain/remediation.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import { remediations } from '../../domain/remediations.ts';
import { type Request, toIncident } from '../../domain/request.ts';
import { signalNameOf } from '../../domain/signals/decide-start.ts';
import type { Deed } from '../../domain/telling/plan-sentences.ts';
import {
  tellGroupPlan,
  tellGroupRefusal,
  tellLeftAlone,
  tellSelectionRefusal,
} from '../../domain/telling/plan-sentences.ts';
import type { planHoldState } from '../../events/hold-state.ts';
import type { Policy } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { findUnprotected } from '../incidents/find-unprotected.ts';
import {
  describeTargets,
  findOtherExecution,
  incidentToGiveBack,
  openIncident,
  toRequest,
} from '../incidents/plan-request.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';

/** What every plan needs. */
export interface PlanDependencies extends Omit<TaskDependencies, 'newOwner'> {
  stepFunctions: StepFunctions;
  policy: Policy;
}

/**
 * - `HOLD`: the incident is open, go on.
 * - `GIVE_BACK`: the execution of this incident ended before it gave everything back; give it back.
 * - `REPORT`: dry run; `calls` is what would have been done.
 * - `REFUSE`: nothing may be done, and why.
 */
export interface PlanHoldResult {
  action: 'HOLD' | 'GIVE_BACK' | 'REPORT' | 'REFUSE';
  incidentId: string;
  mode: Mode;
  /** What came of it, and why. */
  reason: string;
  /** Why it was asked for. */
  askedFor?: string;
  /** The rule that started it, where one did. */
  rule?: string;
  /** The execution that has the same in hand already, when that is why it refuses. */
  tendedBy?: string;
  /** Whether nobody need be told that it refuses: what it was started for is in hand already, or over. */
  isNoNews?: boolean;
  groups: number;
  refused: number;
  /** The first calls of the plan; all of them are in the journal. */
  calls: PlannedCall[];
  callsLeftOut: number;
}

/** Calls shown in an execution's output, which may not exceed 256 KiB. */
const callsShown = 50;

/** The first part of every plan's result: which calls, and how many more. */
export const showCalls = (calls: PlannedCall[]): Pick<PlanHoldResult, 'calls' | 'callsLeftOut'> => ({
  calls: calls.slice(0, callsShown),
  callsLeftOut: Math.max(0, calls.length - callsShown),
});

const toJournal = (plan: HoldPlan, mode: Mode, at: string): JournalEntry[] => [
  ...plan.groups.map(
    (group): JournalEntry => ({
      at,
      event: group.action === 'HOLD' ? 'planned' : 'refused',
      because: group.because,
      autoScalingGroupName: group.autoScalingGroupName,
      text: tellGroupPlan(group, mode),
      ...(group.action === 'HOLD' ? { calls: group.calls } : {}),
    }),
  ),
  ...(plan.refusal === undefined ? [] : [refusedAll(plan.refusal, 'held', at)]),
];

/** That nothing at all is done, and why. */
export const refusedAll = (refusal: SelectionRefusal, deed: Deed, at: string): JournalEntry => ({
  at,
  event: 'refused',
  because: refusal.because,
  text: tellSelectionRefusal(refusal, deed),
});

/** The groups of a selection that are left alone, each with why. */
export const refusedGroups = ({ groups }: Selection, at: string): JournalEntry[] =>
  groups.flatMap((group): JournalEntry[] =>
    group.action === 'TAKE'
      ? []
      : [
          {
            at,
            event: 'refused',
            because: group.because,
            autoScalingGroupName: group.autoScalingGroupName,
            text: tellLeftAlone(tellGroupRefusal(group)),
          },
        ],
  );

const warning = (
  { autoScalingGroupName }: Pick<AutoScalingGroup, 'autoScalingGroupName'>,
  { trait, why }: { trait: GroupTrait; why: string },
  at: string,
): JournalEntry => ({ at, event: 'warned', because: trait, autoScalingGroupName, text: why });

/** What to look out for in the groups that take part, each with what it is. */
export const warnedGroups = (
  groups: AutoScalingGroup[],
  remediation: Remediation,
  at: string,
): JournalEntry[] =>
  groups.flatMap((group) =>
    traitsTreated(group, remediation, 'warned').map((treated) => warning(group, treated, at)),
  );

/** What to look out for in these groups, all of which have a trait. */
export const warnedOf = (
  trait: GroupTrait,
  groups: Pick<AutoScalingGroup, 'autoScalingGroupName'>[],
  remediation: Remediation,
  at: string,
): JournalEntry[] => {
  const why = whyTreated(remediation, trait, 'warned');
  return why === undefined ? [] : groups.map((group) => warning(group, { trait, why }, at));
};

/**
 * What every plan begins with: the request, the mode, and whether anything may be planned at all.
 *
 * @throws InvalidInputError for an input that cannot be understood
 * @throws UnreadableFactError when the kill switch cannot be read
 */
export const beginPlan = async (
  { killSwitch, store, clock, policy, stageMode }: PlanDependencies,
  state: z.output<typeof planHoldState>,
) => {
  const request: Request = toRequest(state.remediation, state.input, policy);
  const mode = lowestMode(stageMode, (await killSwitch.read()).mode, request.dryRun ? 'dry-run' : 'live');
  const incidentId = state.executionArn;
  const ofRule = {
    askedFor: request.reason,
    ...(request.rule === undefined ? {} : { rule: request.rule }),
  };
  const refuse = async (reason: string, tendedBy?: string): Promise<PlanHoldResult> => {
    await writeJournal(store, incidentId, [{ at: clock.now(), event: 'refused', text: reason }]);
    return {
      action: 'REFUSE',
      incidentId,
      ...ofRule,
      mode,
      groups: 0,
      refused: 0,
      reason,
      ...(tendedBy === undefined ? {} : { tendedBy }),
      ...showCalls([]),
    };
  };
  return { request, mode, incidentId, ofRule, refuse };
};

/** What planning comes to when the sweep asks to give an incident back; `undefined` when it asks for anything else. */
export const planGivingBack = async (
  { store }: Pick<PlanDependencies, 'store'>,
  { remediation, input }: z.output<typeof planHoldState>,
): Promise<PlanHoldResult | undefined> => {
  const incidentId = incidentToGiveBack(remediation, input);
  if (incidentId === undefined) return undefined;
  const incident = await store.readIncident(incidentId);
  return {
    action: 'GIVE_BACK',
    incidentId,
    mode: incident?.mode ?? 'live',
    reason: incident?.releasingBecause ?? 'everything was given back',
    ...(incident?.rule === undefined ? {} : { rule: incident.rule }),
    ...(incident === undefined ? {} : { askedFor: incident.reason }),
    groups: 0,
    refused: 0,
    ...showCalls([]),
  };
};

/**
 * Of the groups of a rule those that an execution was started for, because launches failed in many at the same time. A
 * group that lacks nothing by now, or that another incident protects, is left out.
 */
const findFailingGroups = async (
  store: Store,
  groups: AutoScalingGroup[],
  rule: string | undefined,
  executionArn: string,
): Promise<AutoScalingGroup[]> => {
  const lacking = groups.filter((group) => !isComplete(group));
  const name = executionNameOf(executionArn);
  // One that was started again has a number behind the name that was written down.
  const writtenDown = signalNameOf(name) ?? name;
  const records = await store.readLaunches(lacking.map(({ autoScalingGroupName }) => autoScalingGroupName));
  const given = lacking.filter(
    (_group, index) => records[index]?.startedFor?.[rule ?? '']?.executionName === writtenDown,
  );
  const unprotected = new Set(
    await findUnprotected(
      store,
      given.map(({ autoScalingGroupName }) => autoScalingGroupName),
      // Tried again after it opened its incident, it finds the same groups.
      executionArn,
    ),
  );
  return given.filter(({ autoScalingGroupName }) => unprotected.has(autoScalingGroupName));
};

/**
 * Finds the groups, plans the hold, opens the incident. Changes nothing in AWS.
 *
 * @throws what `beginPlan` throws
 */
export const createPlanHold =
  (dependencies: PlanDependencies) =>
  async (state: z.output<typeof planHoldState>): Promise<PlanHoldResult> => {
    const { store, clock } = dependencies;
    const givingBack = await planGivingBack(dependencies, state);
    if (givingBack !== undefined) return givingBack;
    const { request, mode, incidentId, ofRule, refuse } = await beginPlan(dependencies, state);
    if (mode === 'off') return refuse('the mode is off; nothing was looked at');
    const now = clock.now();
    const described = await describeTargets(dependencies.autoScaling(mode), request);
    const groups =
      request.ofFailingGroups === true
        ? await findFailingGroups(store, described, request.rule, incidentId)
        : described;
    if (request.ofFailingGroups === true && groups.length === 0) {
      const reason =
        'none of the groups whose launches failed lacks an instance and is not protected already';
      return { ...(await refuse(reason)), isNoNews: true };
    }
    const { effect } = request.settings;
    // Each of them would have got an execution of its own, so what limits one with many groups does not limit these.
    const groupsMax = request.ofFailingGroups === true ? groupsAtMost : request.settings.groupsMax;
    const incident = toIncident(request, incidentId, mode, now);
    const tag = holdTagValue([
      {
        incidentId,
        reason: request.reason,
        endsAtLatest: remediations[request.remediation].endsAtLatest(incident),
      },
    ]);
    const plan = planHold(groups, request.names, {
      remediation: request.remediation,
      effect,
      groupsMax,
      ...(tag === undefined ? {} : { tag, stage: stageOfExecution(incidentId) }),
    });
    const held = plan.groups.filter(isHeld);
    const names = held.map(({ autoScalingGroupName }) => autoScalingGroupName);
    const tendedBy = await findOtherExecution(dependencies, incidentId, request, names);
    if (tendedBy !== undefined) return refuse(`the execution ${tendedBy} has this in hand already`, tendedBy);

    const isHeldHere = ({ autoScalingGroupName }: AutoScalingGroup): boolean =>
      names.includes(autoScalingGroupName);
    const entries = [
      ...toJournal(plan, mode, now),
      ...warnedGroups(groups.filter(isHeldHere), request.remediation, now),
    ];
    await writeJournal(store, incidentId, entries);
    const calls = held.flatMap((group) => group.calls);
    const summary = {
      incidentId,
      ...ofRule,
      mode,
      groups: held.length,
      refused: plan.groups.length - held.length,
      ...showCalls(calls),
    };
    if (plan.refusal !== undefined) {
      return { ...summary, action: 'REFUSE', reason: tellSelectionRefusal(plan.refusal, 'held') };
    }
    if (mode === 'dry-run') {
      return { ...summary, action: 'REPORT', reason: request.reason };
    }
    await openIncident(dependencies, incident, names, entries);
    // The calls are in the journal; what an execution carries from state to state stays small.
    return { ...summary, action: 'HOLD', reason: request.reason, calls: [], callsLeftOut: calls.length };
  };
