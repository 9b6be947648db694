import type * as z from 'zod/mini';
import type { CloudFormation } from '../../aws/cloudformation.ts';
import type { Ec2 } from '../../aws/ec2.ts';
import type { PlannedCall } from '../../domain/calls.ts';
import { abandonCalls } from '../../domain/drain/decide-drain-step.ts';
import { type DrainChoice, decideDrains } from '../../domain/drain/decide-drains.ts';
import { drainSnapshotCall } from '../../domain/drain/drain-snapshot-call.ts';
import { InvalidInputError, UnreadableFactError } from '../../domain/errors.ts';
import { isTaken, selectGroups } from '../../domain/holds/select-groups.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Mode } from '../../domain/mode.ts';
import { toIncident } from '../../domain/request.ts';
import { tellChoice } from '../../domain/telling/drain-sentences.ts';
import { sentenceOf } from '../../domain/telling/sentence-of.ts';
import { counted } from '../../domain/times.ts';
import type { planHoldState } from '../../events/hold-state.ts';
import {
  beginPlan,
  type PlanDependencies,
  type PlanHoldResult,
  planGivingBack,
  refusedAll,
  refusedGroups,
  showCalls,
  warnedGroups,
  warnedOf,
} from '../holds/plan-hold.ts';
import { groupsBeingUpdated, remembering } from '../holds/stacks.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { describeTargets, findOtherExecution, openIncident } from '../incidents/plan-request.ts';
import { lookAtLaunches } from '../launches/look-at-launches.ts';
import { lookElsewhere } from './look-elsewhere.ts';
import { withHooks } from './read-hooks.ts';

/** What PlanDrain needs. */
export interface PlanDrainDependencies extends PlanDependencies {
  ec2: (mode: Mode) => Ec2;
  cloudFormation: CloudFormation;
}

/** What every plan tells, and who is stuck. */
export interface PlanDrainResult extends PlanHoldResult {
  /** The first stuck instances of a dry run, with the age of each and what would happen to it. */
  stuck?: string[];
}

/** Stuck instances shown in an execution's output; all of them are in the journal. */
const stuckShown = 100;

const toJournalEntry = (choice: DrainChoice, calls: PlannedCall[], mode: Mode, at: string): JournalEntry => {
  const { action, autoScalingGroupName, instanceId } = choice;
  const what =
    action === 'DRAIN' ? `${mode === 'live' ? 'will' : 'would'} be drained` : 'is stuck too and has to wait';
  return {
    at,
    event: 'planned',
    because: action === 'DRAIN' ? action : choice.because,
    autoScalingGroupName,
    instanceId,
    text: `${what}: ${tellChoice(choice)}`,
    calls,
  };
};

/**
 * Finds the groups and the instances that are stuck, decides what would be drained now and why, opens the incident.
 * Changes nothing in AWS.
 *
 * @throws what `beginPlan` throws
 */
export const createPlanDrain =
  (dependencies: PlanDrainDependencies) =>
  async (state: z.output<typeof planHoldState>): Promise<PlanDrainResult> => {
    const { store, clock } = dependencies;
    const givingBack = await planGivingBack(dependencies, state);
    if (givingBack !== undefined) return givingBack;
    const { request, mode, incidentId, ofRule, refuse } = await beginPlan(dependencies, state);
    const { drain } = request;
    if (drain === undefined) throw new InvalidInputError('The input asks for nothing that can be drained');
    if (mode === 'off') return refuse('the mode is off; nothing was looked at');
    const now = clock.now();
    const autoScaling = dependencies.autoScaling(mode);
    const selection = selectGroups(await describeTargets(autoScaling, request), request.names, {
      remediation: request.remediation,
      groupsMax: request.settings.groupsMax,
    });
    const names = selection.groups.filter(isTaken).map(({ autoScalingGroupName }) => autoScalingGroupName);
    const tendedBy = await findOtherExecution(dependencies, incidentId, request, names);
    if (tendedBy !== undefined)
      return refuse(`the execution ${tendedBy} drains one of these groups already`, tendedBy);

    const refused = refusedGroups(selection, now);
    const base = { incidentId, ...ofRule, mode, groups: names.length, refused: refused.length };
    if (selection.refusal !== undefined) {
      const entry = refusedAll(selection.refusal, 'drained', now);
      await writeJournal(store, incidentId, [...refused, entry]);
      return { ...base, ...showCalls([]), action: 'REFUSE', reason: sentenceOf(entry) };
    }

    const { groups, unreadable } = await lookAtLaunches(
      { autoScaling, ec2: dependencies.ec2(mode), store, clock },
      names,
    );
    if (unreadable.length > 0) throw new UnreadableFactError(unreadable.join('; '));
    const { records, widespread } = await lookElsewhere(autoScaling, store, groups, drain, now);
    const planned: { choice: DrainChoice; calls: PlannedCall[] }[] = [];
    const asked = await withHooks(autoScaling, groups, drain, now);
    if (asked.unreadable.length > 0) throw new UnreadableFactError(asked.unreadable.join('; '));
    for (const choice of decideDrains(asked.groups, drain, records, widespread, now)) {
      const { action, autoScalingGroupName, instanceId } = choice;
      const hooks = action === 'DRAIN' ? await autoScaling.describeLaunchHooks(autoScalingGroupName) : [];
      const calls =
        action === 'DRAIN'
          ? [
              ...(drain.snapshot ? [drainSnapshotCall(autoScalingGroupName, instanceId)] : []),
              ...abandonCalls(
                autoScalingGroupName,
                choice,
                hooks.map(({ lifecycleHookName }) => lifecycleHookName),
              ),
            ]
          : [];
      planned.push({ choice, calls });
    }
    const entries = planned.map(({ choice, calls }) => toJournalEntry(choice, calls, mode, now));
    const warned = [
      ...warnedGroups(
        groups.map(({ group }) => group),
        request.remediation,
        now,
      ),
      ...warnedOf(
        'STACK_UPDATE',
        await groupsBeingUpdated(
          remembering(dependencies.cloudFormation),
          groups.map(({ group }) => group),
        ),
        request.remediation,
        now,
      ),
      ...warnedOf(
        'CODE_DEPLOY',
        asked.withCodeDeploy.map(({ group }) => group),
        request.remediation,
        now,
      ),
    ];
    await writeJournal(store, incidentId, [...refused, ...warned, ...entries]);
    const calls = planned.flatMap((each) => each.calls);
    const draining = planned.filter(({ choice }) => choice.action === 'DRAIN').length;
    const summary = `${counted(planned.length, 'instance')} stuck, ${draining} to be drained first`;
    if (mode === 'dry-run') {
      const stuck = entries.slice(0, stuckShown).map(sentenceOf);
      return { ...base, ...showCalls(calls), stuck, action: 'REPORT', reason: summary };
    }
    await openIncident(dependencies, toIncident(request, incidentId, mode, now), names, [
      ...refused,
      ...warned,
    ]);
    return {
      ...base,
      action: 'HOLD',
      reason: `${request.reason}; ${summary}`,
      calls: [],
      callsLeftOut: calls.length,
    };
  };
