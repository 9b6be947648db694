import type { PlannedCall } from './calls.ts';

/** One thing that was seen, decided or done. */
export interface JournalEntry {
  at: string;
  /** What kind of thing: one word, for filters. */
  event:
    | 'planned'
    | 'opened'
    | 'refused'
    | 'warned'
    | 'held'
    | 'kept'
    | 'failed'
    | 'overridden'
    | 'override-explained'
    | 'gone'
    | 'replaced'
    | 'releasing'
    | 'giving-back'
    | 'given-back'
    | 'not-given-back'
    | 'raised'
    | 'not-raised'
    | 'tagged'
    | 'unhealthy'
    | 'mostly-unhealthy'
    | 'broken-newcomers'
    | 'in-progress'
    | 'taken-back-by-update'
    | 'update-ended'
    | 'closed'
    | 'chosen'
    | 'evidence'
    | 'abandoned'
    | 'drained'
    | 'left'
    | 'breaker'
    | 'breaker-opened'
    | 'widespread'
    | 'checked'
    | 'prepared'
    | 'reserved'
    | 'step'
    | 'turned'
    | 'resized'
    | 'resizes-no-further'
    | 'brought-home'
    | 'restored'
    | 'drift';
  /** What the decision behind it rests on, in one word: for filters. */
  because?: string;
  autoScalingGroupName?: string;
  instanceId?: string;
  /** What happened to the instance, the group or the incident, which it does not name: `sentenceOf` does. */
  text?: string;
  /** What a person must or can do about it, each line with one whole command. */
  todo?: string[];
  /** The whole sentence, in what a release before this one wrote. */
  message?: string;
  /** How many things were checked, of an instance for a type. */
  checks?: number;
  /** How many instances of the group a resize did not begin with. */
  notBegun?: number;
  /** The exact AWS calls, where there were or would be any. */
  calls?: PlannedCall[];
}

/** The groups of a journal, or of its lines of some events. */
export const namesIn = (journal: JournalEntry[], events?: JournalEntry['event'][]): string[] => [
  ...new Set(
    journal.flatMap(({ event, autoScalingGroupName: name }) =>
      name !== undefined && events?.includes(event) !== false ? [name] : [],
    ),
  ),
];
