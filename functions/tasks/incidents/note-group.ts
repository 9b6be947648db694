import type { Clock } from '../../clock.ts';
import type { JournalEntry } from '../../domain/journal.ts';

/** Facts of a line beside its event: what it rests on, numbers, calls, what a person can do. */
type MoreFacts = Partial<Pick<JournalEntry, 'because' | 'calls' | 'checks' | 'notBegun' | 'todo'>>;

const withoutEmptyTodo = ({ todo = [], ...facts }: MoreFacts): MoreFacts =>
  todo.length === 0 ? facts : { ...facts, todo };

/** Writes a line about something into a list that is stored later, in one go. */
export type Note = (event: JournalEntry['event'], text: string, facts?: MoreFacts) => void;

/** Notes about one group; the line does not name it, whoever tells it does. */
export const createGroupNotes =
  (journal: JournalEntry[], clock: Clock, autoScalingGroupName: string): Note =>
  (event, text, facts = {}) => {
    journal.push({ at: clock.now(), event, autoScalingGroupName, text, ...withoutEmptyTodo(facts) });
  };

/** Notes about one instance of a group; the line does not name it, whoever tells it does. */
export const createInstanceNotes =
  (journal: JournalEntry[], clock: Clock, autoScalingGroupName: string, instanceId: string): Note =>
  (event, text, facts = {}) => {
    journal.push({
      at: clock.now(),
      event,
      autoScalingGroupName,
      instanceId,
      text,
      ...withoutEmptyTodo(facts),
    });
  };
