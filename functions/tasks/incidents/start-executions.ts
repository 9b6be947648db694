import type { EndedExecution, StepFunctions } from '../../aws/step-functions.ts';
import type { Clock } from '../../clock.ts';
import { executionArnOf } from '../../domain/execution-arn.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { startAgainAfterSeconds, startTriesMax } from '../../domain/limits.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import type { StartDecision } from '../../domain/signals/decide-start.ts';
import { tellIgnored, tellStart } from '../../domain/telling/start-sentences.ts';
import { secondsBetween } from '../../domain/times.ts';
import type { Store } from '../../state/store.ts';

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

const carryOut = async (
  { stepFunctions, stateMachineArns }: StartDependencies,
  decision: StartDecision,
): Promise<StartOutcome> => {
  switch (decision.action) {
    case 'IGNORE': {
      const { rule } = decision;
      return { action: 'IGNORED', reason: tellIgnored(decision), ...(rule === undefined ? {} : { rule }) };
    }
    case 'START': {
      const { rule, executionName, input } = decision;
      const { started } = await stepFunctions.startExecution(stateMachineArns[rule.do], executionName, input);
      return started
        ? { action: 'STARTED', rule: rule.name, executionName, reason: tellStart(decision) }
        : { action: 'EXISTS', rule: rule.name, executionName, reason: 'the same signal started it before' };
    }
  }
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

/** Whether a line of a journal says that something was changed in AWS. */
export const saysChanged = ({ event, calls = [] }: JournalEntry): boolean =>
  calls.length > 0 && event !== 'planned' && event !== 'failed';

/** What became of a signal with one execution: it may be tried again, may be later, or is used up. */
type Use = 'FREE' | 'OPEN' | 'USED_UP';

/**
 * Whether an execution frees its signal: it failed or ran out of time, not because of a bad input, and changed nothing;
 * if it opened its incident, that is closed by now. One that succeeded (a dry run, a refusal) or that a person stopped
 * has used it up.
 */
const useOf = async (store: Store, executionArn: string, { status, error }: EndedExecution): Promise<Use> => {
  if ((status !== 'FAILED' && status !== 'TIMED_OUT') || error === 'InvalidInputError') return 'USED_UP';
  if ((await store.readJournal(executionArn)).some(saysChanged)) return 'USED_UP';
  return (await store.readIncident(executionArn)) === undefined ? 'FREE' : 'OPEN';
};

/** Where a signal stands: the next name to start under, or why there is none now, and whether there may be one later. */
export type NextName =
  | { name: string }
  /** `tried` is the name of the last execution of the signal. */
  | { usedUpBecause: string; isForGood: boolean; execution: EndedExecution; tried: string };

/**
 * The name under which a signal is tried next: its own, and after each execution that changed nothing and failed the
 * same with `-2`, `-3` and so on. The last one tells, because it was begun only when those before it freed the signal;
 * it is found by halving.
 *
 * @param name the name that the signal gives
 */
export const findNextName = async (
  { stepFunctions, store, clock }: StartAgainDependencies,
  stateMachineArn: string,
  name: string,
): Promise<NextName> => {
  const nameOf = (tries: number): string => (tries === 1 ? name : `${name}-${tries}`);
  const describe = (tries: number) =>
    stepFunctions.describeExecution(executionArnOf(stateMachineArn, nameOf(tries)));
  let last: { tries: number; execution: EndedExecution } | undefined;
  let firstFree = 1;
  for (;;) {
    const execution = await describe(firstFree);
    if (execution === undefined) break;
    last = { tries: firstFree, execution };
    if (firstFree === startTriesMax) break;
    firstFree = Math.min(2 * firstFree, startTriesMax);
  }
  if (last === undefined) return { name };
  while (firstFree - last.tries > 1) {
    const middle = Math.floor((last.tries + firstFree) / 2);
    const execution = await describe(middle);
    if (execution === undefined) firstFree = middle;
    else last = { tries: middle, execution };
  }
  const { tries, execution } = last;
  const tried = nameOf(tries);
  if (execution.status === 'RUNNING') {
    return { usedUpBecause: `${tried} runs`, isForGood: false, execution, tried };
  }
  const use = await useOf(store, executionArnOf(stateMachineArn, tried), execution);
  if (use === 'USED_UP') {
    return { usedUpBecause: `${tried} ended as ${execution.status}`, isForGood: true, execution, tried };
  }
  if (use === 'OPEN') {
    return {
      usedUpBecause: `what ${tried} opened is not given back yet`,
      isForGood: false,
      execution,
      tried,
    };
  }
  const { stoppedAt = clock.now() } = execution;
  if (secondsBetween(stoppedAt, clock.now()) < startAgainAfterSeconds) {
    return { usedUpBecause: `${tried} failed only just now`, isForGood: false, execution, tried };
  }
  return tries >= startTriesMax
    ? {
        usedUpBecause: `${startTriesMax} executions failed before they changed anything`,
        isForGood: true,
        execution,
        tried,
      }
    : { name: nameOf(tries + 1) };
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
