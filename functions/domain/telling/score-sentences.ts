import type { Score } from '../backtest/decide-score.ts';
import { counted, spokenDuration } from '../times.ts';
import type { NoticeFacts } from './notice.ts';

const tellDone = ({ rule, holds, secondsHeld, kept, idle, unknownBecause }: Score, days: number): string => {
  const inDays = `in the last ${counted(days, 'day')}`;
  if (unknownBecause !== undefined)
    return `Rule ${rule}: nobody knows what it would have done ${inDays}: ${unknownBecause}.`;
  if (holds === 0) return `Rule ${rule} would not have begun ${inDays}.`;
  const forNothing = idle === 0 ? '' : ` ${counted(idle, 'hold')} would have kept none.`;
  return `Rule ${rule} would have held ${counted(holds, 'time')} ${inDays}, ${spokenDuration(secondsHeld)} in all, and kept ${counted(kept, 'instance')} that Auto Scaling took.${forNothing}`;
};

const todos: Record<Score['proposal'], (score: Score) => string[]> = {
  GO_LIVE: ({ rule }) => [`Go live: take "mode: dry-run" out of the rule ${rule}, and deploy.`],
  NARROW: ({ rule, holds, idle }) => [
    `Narrow the rule ${rule} before it goes live: ${idle} of ${counted(holds, 'hold')} would have been for nothing. Choose fewer groups, or an alarm that means more.`,
  ],
  WAIT: () => [],
};

/**
 * What people are told once a week of a rule in dry run, and what that speaks for.
 *
 * @param days that were looked at
 */
export const tellScore = (
  score: Score,
  days: number,
  { region }: { region: string },
): Omit<NoticeFacts, 'at' | 'incidentId' | 'identity'> => ({
  kind: 'would-act',
  headline: 'A week of a rule in dry run',
  done: [tellDone(score, days)],
  todo: todos[score.proposal](score),
  details: [`Each hold, and what would have ended it: holdfast backtest --days ${days} --region ${region}`],
  next: 'You get the next score in a week.',
  undo: 'NOTHING',
});
