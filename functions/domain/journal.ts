import type { PlannedCall } from './calls.ts';

/** One thing that was seen, decided or done. */
export interface JournalEntry {
  at: string;
  /** What kind of thing: one word, for filters. */
  event:
    | 'planned'
    | 'opened'
    | 'refused'
    | 'held'
    | 'kept'
    | 'failed'
    | 'overridden'
    | 'gone'
    | 'replaced'
    | 'releasing'
    | 'giving-back'
    | 'given-back'
    | 'raised'
    | 'not-raised'
    | 'tagged'
    | 'unhealthy'
    | 'mostly-unhealthy'
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
    | 'brought-home'
    | 'restored'
    | 'drift';
  /** What the decision behind it rests on, in one word: for filters. */
  because?: string;
  autoScalingGroupName?: string;
  instanceId?: string;
  /** A sentence for a tired person. */
  message: string;
  /** The exact AWS calls, where there were or would be any. */
  calls?: PlannedCall[];
}
