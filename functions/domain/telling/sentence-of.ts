import type { JournalEntry } from '../journal.ts';

/** A line of a journal as a person reads it: with the group and the instance that it is about. */
export const sentenceOf = ({ autoScalingGroupName, instanceId, text, message }: JournalEntry): string =>
  message ??
  [
    autoScalingGroupName === undefined ? '' : `${autoScalingGroupName}: `,
    instanceId === undefined ? '' : `${instanceId} `,
    text ?? '',
  ].join('');
