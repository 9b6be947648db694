import type { StepFunctions } from '../aws/step-functions.ts';
import type { StartDecision } from '../domain/decide-start.ts';
import type { Remediation } from '../domain/hold-effects.ts';

/** What starting executions needs. */
export interface StartDependencies {
  stepFunctions: StepFunctions;
  /** The ARN of the state machine of each remediation. */
  stateMachineArns: Record<Remediation, string>;
}

/** What became of one decision. */
export interface StartOutcome {
  action: 'STARTED' | 'EXISTS' | 'IGNORED';
  rule?: string;
  executionName?: string;
  reason: string;
}

const carryOut = async (
  { stepFunctions, stateMachineArns }: StartDependencies,
  decision: StartDecision,
): Promise<StartOutcome> => {
  if (decision.action === 'IGNORE') {
    const { rule, reason } = decision;
    return { action: 'IGNORED', reason, ...(rule === undefined ? {} : { rule }) };
  }
  const { rule, executionName, input, reason } = decision;
  const { started } = await stepFunctions.startExecution(stateMachineArns[rule.do], executionName, input);
  return started
    ? { action: 'STARTED', rule: rule.name, executionName, reason }
    : { action: 'EXISTS', rule: rule.name, executionName, reason: 'the same signal started it before' };
};

/** Carries out start decisions: one execution each, under the name the decision gives it. */
export const startExecutions = async (
  dependencies: StartDependencies,
  decisions: StartDecision[],
): Promise<StartOutcome[]> => {
  const outcomes: StartOutcome[] = [];
  for (const decision of decisions) outcomes.push(await carryOut(dependencies, decision));
  return outcomes;
};
