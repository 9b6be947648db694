import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { isRefusal } from '../../functions/aws/aws-error.ts';
import { executionNameOf } from '../../functions/domain/execution-arn.ts';
import type { JournalEntry } from '../../functions/domain/journal.ts';
import { sentenceOf, tellLine, todoOf } from '../../functions/domain/telling/sentence-of.ts';
import type { Store } from '../../functions/state/store.ts';
import { bad, dim, good, warned } from '../terminal/colour.ts';
import type { Execution, Executions } from './executions.ts';

const colourOf: Partial<Record<JournalEntry['event'], (text: string) => string>> = {
  held: good,
  'given-back': good,
  resized: good,
  failed: bad,
  'not-given-back': bad,
  left: bad,
  refused: warned,
  overridden: warned,
};

/** A line of a journal as people read it: when, what, and what a person can do. */
export const tellEntry = (entry: JournalEntry): string =>
  [
    `${dim(`${entry.at.slice(0, 10)} ${entry.at.slice(11, 19)} UTC`)}  ${(colourOf[entry.event] ?? ((text) => text))(sentenceOf(entry))}`,
    ...todoOf(entry).map((line) => `                         ${warned('→')} ${tellLine(line)}`),
  ].join('\n');

const pauseMilliseconds = 2000;

/** What following came to: the execution ended, or whoever watched left. */
export type Followed = { execution: Execution; entries: JournalEntry[] } | 'LEFT';

/**
 * Follows an execution to its end: tells each new line of its journal.
 *
 * @param left aborted when whoever watches wants to leave; the execution goes on
 */
export const follow = async (
  { store, executions }: { store: Store; executions: Executions },
  executionArn: string,
  tell: (entry: JournalEntry) => void,
  left: AbortSignal,
): Promise<Followed> => {
  let told = 0;
  for (;;) {
    const look = async () => {
      const execution = await executions.describe(executionArn);
      // The journal after the status: what was written before the end is not missed.
      return { execution, entries: await store.readJournal(executionArn) };
    };
    // What does not answer once may answer the next time; what is refused stays refused.
    const { execution, entries } = await pRetry(look, {
      retries: 5,
      shouldRetry: ({ error }) => !isRefusal(error),
    });
    entries.slice(told).forEach(tell);
    told = entries.length;
    if (execution !== undefined && execution.status !== 'RUNNING') return { execution, entries };
    try {
      await sleep(pauseMilliseconds, undefined, { signal: left });
    } catch {
      return 'LEFT';
    }
  }
};

/** Leaves when Ctrl-C is pressed, once; a second one ends the process as ever. */
export const onInterrupt = (): { signal: AbortSignal; done: () => void } => {
  const controller = new AbortController();
  const leave = (): void => controller.abort();
  process.once('SIGINT', leave);
  return { signal: controller.signal, done: () => process.removeListener('SIGINT', leave) };
};

/** What whoever left is told. */
export const tellLeft = (executionArn: string, stage: string): string => {
  const name = executionNameOf(executionArn);
  return `\nYou no longer follow it; the execution ${name} goes on. To read on: holdfast journal ${name} --stage ${stage}. To stop it: holdfast stop ${name} --stage ${stage}`;
};
