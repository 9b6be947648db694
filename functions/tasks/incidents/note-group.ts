import type { Clock } from '../../clock.ts';
import type { JournalEntry } from '../../domain/journal.ts';

/** Writes journal lines about one group into a list that is stored later, in one go. */
export const createGroupNotes =
  (journal: JournalEntry[], clock: Clock, autoScalingGroupName: string) =>
  (event: JournalEntry['event'], message: string, calls?: JournalEntry['calls']): void => {
    journal.push({
      at: clock.now(),
      event,
      autoScalingGroupName,
      message: `${autoScalingGroupName}: ${message}`,
      ...(calls === undefined ? {} : { calls }),
    });
  };

/** Writes journal lines about one instance of a group into such a list. */
export const createInstanceNotes =
  (journal: JournalEntry[], clock: Clock, autoScalingGroupName: string, instanceId: string) =>
  (event: JournalEntry['event'], text: string, calls?: JournalEntry['calls']): void => {
    const message = `${autoScalingGroupName}: ${instanceId} ${text}`;
    journal.push({
      at: clock.now(),
      event,
      autoScalingGroupName,
      instanceId,
      message,
      ...(calls === undefined ? {} : { calls }),
    });
  };
