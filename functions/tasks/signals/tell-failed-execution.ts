import { bounded } from '../../domain/bounded.ts';
import { namesIn } from '../../domain/journal.ts';
import { signalNameOf } from '../../domain/signals/decide-start.ts';
import type { Measure } from '../../domain/telling/metrics.ts';
import { parseFailedExecution } from '../../events/execution-ended.ts';
import { writeNotice } from '../incidents/emit-facts.ts';
import { saysChanged } from '../incidents/start-executions.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';

/** Errors of executions whose report has told already what is left. */
const toldOtherwise: ReadonlySet<string> = new Set([
  'GroupsNotGivenBack',
  'InstancesLeftForAPerson',
  'ResizeNotFinished',
]);

/** What happens after an execution failed. */
const nextAfterFailure = (hasBegun: boolean, isOfSignal: boolean): string => {
  if (hasBegun) return 'The sweep gives back what is still held, and brings back what is out of service.';
  return isOfSignal
    ? 'Holdfast tries again every five minutes while the alarm is in ALARM or launches fail.'
    : 'Nothing. Once the cause is fixed, start it again.';
};

/** That an execution failed before, or outside, its report: one that its report told of is not told again. */
export const tellFailedExecution = async (
  { store, clock, measure }: Pick<TaskDependencies, 'store' | 'clock'> & { measure: Measure },
  event: unknown,
): Promise<void> => {
  const failed = parseFailedExecution(event);
  if (failed === undefined) return;
  const { executionArn, status, error, cause } = failed;
  const ofSignal = signalNameOf(executionArn);
  // Whoever starts an execution by hand sees at once that its input is wrong; nobody sees that of a rule's.
  const isWrongInputByHand = error === 'InvalidInputError' && ofSignal === undefined;
  if (!isWrongInputByHand) measure({ FailedExecutions: 1 });
  if (isWrongInputByHand || toldOtherwise.has(error)) return;
  const journal = await store.readJournal(executionArn);
  const hasBegun = journal.some(saysChanged);
  await writeNotice(store, {
    kind: 'failed',
    at: clock.now(),
    incidentId: executionArn,
    groups: [...new Set([...failed.groups, ...namesIn(journal)])],
    // Its signal is tried again and again; that it fails is told once.
    ...(hasBegun || ofSignal === undefined ? {} : { identity: `failed before it began#${ofSignal}` }),
    headline: `Execution ${status === 'FAILED' ? 'failed' : 'timed out'}${hasBegun ? '' : ', nothing changed'}`,
    done: [
      `The execution ${status === 'FAILED' ? 'failed' : 'timed out'}${error === '' ? '' : `: ${error}`}.${hasBegun ? '' : ' It changed nothing.'}`,
      ...(cause === '' ? [] : [cause]),
    ],
    todo: [
      `Look at the execution (the link is below), and fix the cause${cause === '' ? '' : `. It says: ${bounded(cause, 300)}`}`,
    ],
    undo: hasBegun ? 'ENDED' : 'NOTHING',
    next: nextAfterFailure(hasBegun, ofSignal !== undefined),
  });
};
