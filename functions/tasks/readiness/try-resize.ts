import { executionArnOf } from '../../domain/execution-arn.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { TriedResize } from '../../domain/readiness/readiness-facts.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import type { Rule } from '../../events/policy.ts';
import { createPlanResize, type PlanResizeDependencies } from '../resize/plan-resize.ts';

/** What trying a resize needs: what planning one needs, and the state machine that it would run in. */
export interface TryResizeDependencies extends PlanResizeDependencies {
  stateMachineArns: Record<Remediation, string>;
}

/**
 * Plans the resize of a rule with the task that a dry run of it plans with. What that writes down is nobody's journal:
 * it is kept from the table, and read for what was found.
 *
 * @returns by group, whether instances of it can be resized now, and what stands against it
 * @throws what the task throws
 */
export const createTryResize =
  (dependencies: TryResizeDependencies) =>
  async (rule: Rule): Promise<TriedResize[]> => {
    const { store, clock, stepFunctions, stateMachineArns } = dependencies;
    const journal: JournalEntry[] = [];
    const plan = createPlanResize({
      ...dependencies,
      stageMode: 'dry-run',
      isTrial: true,
      // What would stop an execution is a finding of its own.
      killSwitch: { read: async () => ({ mode: 'live' }) },
      // An execution that has the rule in hand already is no obstacle to it.
      stepFunctions: { ...stepFunctions, isRunning: async () => false },
      store: {
        ...store,
        appendJournal: async (_incidentId, entries) => {
          journal.push(...entries);
        },
        addNotice: async () => false,
      },
    });
    await plan({
      executionArn: executionArnOf(stateMachineArns[rule.do], 'check'),
      remediation: rule.do,
      input: {
        rule: rule.name,
        byHand: { askedAt: clock.now(), reason: 'a check of readiness' },
        dryRun: true,
      },
    });
    return journal.flatMap(({ event, because, autoScalingGroupName, text = '' }) =>
      autoScalingGroupName !== undefined && (event === 'refused' || event === 'planned')
        ? [{ autoScalingGroupName, isFit: event === 'planned' && because !== 'REFUSE', text }]
        : [],
    );
  };
