import type { EndedExecution, StepFunctions } from '../aws/step-functions.ts';
import type { Clock } from '../clock.ts';
import type { StartDecision } from '../domain/decide-start.ts';
import type { Remediation } from '../domain/hold-effects.ts';
import type { JournalEntry } from '../domain/incident.ts';
import { startAgainAfterSeconds, startTriesMax } from '../domain/limits.ts';
import { secondsBetween } from '../domain/times.ts';
import type { Store } from '../state/store.ts';

/** What starting executions needs. */
export interface StartDependencies {
  stepFunctions: StepFunctions;
  /** The ARN of the state machine of each remediation. */
  stateMachineArns: Record<Remediation, string>;
}

/** What starting again needs that failed before it began. */
export interface StartAgainDependencies extends StartDependencies {
  store: Store;
  clock: Clock;
}

/** What became of one decision. */
export interface StartOutcome {
  action: 'STARTED' | 'EXISTS' | 'IGNORED';
  rule?: string;
  executionName?: string;
  reason: string;
}

/** The ARN of an execution of a state machine. */
export const executionArnOf = (stateMachineArn: string, name: string): string =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;

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

/** What stands in the journal of an execution that opened no incident. */
const beforeOpening: ReadonlySet<JournalEntry['event']> = new Set(['planned', 'refused', 'checked']);

/**
 * Whether an execution frees its signal: it failed or ran out of time before it opened its incident, and not because of
 * a bad input. One that succeeded (a dry run, a refusal) or that a person stopped has used it up.
 */
const freesItsSignal = async (
  store: Store,
  executionArn: string,
  { status, error }: EndedExecution,
): Promise<boolean> => {
  if ((status !== 'FAILED' && status !== 'TIMED_OUT') || error === 'InvalidInputError') return false;
  const journal = await store.readJournal(executionArn);
  return journal.every(({ event }) => beforeOpening.has(event));
};

/** Where a signal stands: the next name to start under, or why there is none now, and whether there may be one later. */
export type NextName = { name: string } | { usedUpBecause: string; isForGood: boolean };

/**
 * The name under which a signal is tried next: its own, and after each execution that failed before it opened its
 * incident the same with `-2`, `-3` and so on.
 *
 * @param name the name that the signal gives
 */
export const findNextName = async (
  { stepFunctions, store, clock }: StartAgainDependencies,
  stateMachineArn: string,
  name: string,
): Promise<NextName> => {
  for (let tries = 1; tries <= startTriesMax; tries += 1) {
    const tried = tries === 1 ? name : `${name}-${tries}`;
    const executionArn = executionArnOf(stateMachineArn, tried);
    const execution = await stepFunctions.describeExecution(executionArn);
    if (execution === undefined) return { name: tried };
    if (execution.status === 'RUNNING') return { usedUpBecause: `${tried} runs`, isForGood: false };
    if (!(await freesItsSignal(store, executionArn, execution))) {
      return { usedUpBecause: `${tried} ended as ${execution.status}`, isForGood: true };
    }
    const endedSeconds = secondsBetween(execution.stoppedAt, clock.now());
    if (endedSeconds < startAgainAfterSeconds) {
      return { usedUpBecause: `${tried} failed only just now`, isForGood: false };
    }
  }
  return { usedUpBecause: `${startTriesMax} executions failed before they began`, isForGood: true };
};

/** Carries out start decisions as `startExecutions` does, and again what failed before it began. */
export const startExecutionsAgain = async (
  dependencies: StartAgainDependencies,
  decisions: StartDecision[],
): Promise<StartOutcome[]> => {
  const outcomes: StartOutcome[] = [];
  for (const decision of decisions) {
    if (decision.action === 'IGNORE') {
      outcomes.push(await carryOut(dependencies, decision));
      continue;
    }
    const { rule, executionName } = decision;
    const next = await findNextName(dependencies, dependencies.stateMachineArns[rule.do], executionName);
    outcomes.push(
      'usedUpBecause' in next
        ? { action: 'EXISTS', rule: rule.name, executionName, reason: next.usedUpBecause }
        : await carryOut(dependencies, { ...decision, executionName: next.name }),
    );
  }
  return outcomes;
};
