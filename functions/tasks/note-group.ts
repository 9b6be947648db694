import type { Clock } from '../clock.ts';
import type { JournalEntry } from '../domain/incident.ts';

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
