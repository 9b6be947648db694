import type { StepFunctions } from '../aws/step-functions.ts';
import type { StartDecision } from '../domain/decide-start.ts';
import type { Store } from '../state/store.ts';

/** What starting executions needs. */
export interface StartDependencies {
  stepFunctions: StepFunctions;
  store: Store;
  /** The ARN of the state machine of each remediation. */
  stateMachineArns: Record<'pause-scaling', string>;
}

/** What became of one decision. */
export interface StartOutcome {
  action: 'STARTED' | 'EXISTS' | 'IGNORED';
  rule?: string;
  executionName?: string;
  reason: string;
}

/** Whether a running execution tends this alarm for this rule already: an alarm that flaps is one incident. */
const findTending = async (
  { store, stepFunctions }: StartDependencies,
  decision: StartDecision & { action: 'START' },
): Promise<string | undefined> => {
  const candidates = (await store.listOpenIncidents()).filter(
    ({ rule, alarm, status }) =>
      rule === decision.rule.name && alarm?.alarmArn === decision.input.alarm.alarmArn && status === 'HELD',
  );
  for (const { incidentId } of candidates) {
    if (await stepFunctions.isRunning(incidentId)) return incidentId;
  }
  return undefined;
};

/** Carries out start decisions: one execution each, under the name the decision gives it. */
export const startExecutions = async (
  dependencies: StartDependencies,
  decisions: StartDecision[],
): Promise<StartOutcome[]> => {
  const outcomes: StartOutcome[] = [];
  for (const decision of decisions) {
    if (decision.action === 'IGNORE') {
      outcomes.push({
        action: 'IGNORED',
        reason: decision.reason,
        ...(decision.rule === undefined ? {} : { rule: decision.rule }),
      });
      continue;
    }
    const named = { rule: decision.rule.name, executionName: decision.executionName };
    const tendedBy = await findTending(dependencies, decision);
    if (tendedBy !== undefined) {
      outcomes.push({ action: 'EXISTS', ...named, reason: `${tendedBy} tends this alarm already` });
      continue;
    }
    const { started } = await dependencies.stepFunctions.startExecution(
      dependencies.stateMachineArns[decision.rule.do],
      decision.executionName,
      decision.input,
    );
    outcomes.push(
      started
        ? { action: 'STARTED', ...named, reason: decision.reason }
        : { action: 'EXISTS', ...named, reason: 'the same signal started it before' },
    );
  }
  return outcomes;
};
