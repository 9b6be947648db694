import { type RuleBacktest, secondsHeld } from './decide-backtest.ts';

/**
 * What the week of a rule in dry run speaks for.
 * - `GO_LIVE`: most of its holds would have kept instances.
 * - `NARROW`: more than half of them would have kept none.
 * - `WAIT`: it would not have begun, or nobody can know.
 */
export type Proposal = 'GO_LIVE' | 'NARROW' | 'WAIT';

/** What a rule in dry run would have come to. */
export interface Score {
  rule: string;
  holds: number;
  secondsHeld: number;
  /** Instances that Auto Scaling took meanwhile, and would not have. */
  kept: number;
  /** Holds that would have kept none. */
  idle: number;
  proposal: Proposal;
  unknownBecause?: string;
}

/** The score of a rule: how often it would have held, and whether that would have been worth it. */
export const scoreOf = (result: RuleBacktest): Score => {
  const { rule, holds, unknownBecause } = result;
  const idle = holds.filter(({ wouldHaveKept }) => wouldHaveKept === 0).length;
  const base = {
    rule,
    holds: holds.length,
    secondsHeld: secondsHeld(result),
    kept: holds.reduce((sum, { wouldHaveKept }) => sum + wouldHaveKept, 0),
    idle,
  };
  if (holds.length === 0)
    return { ...base, proposal: 'WAIT', ...(unknownBecause === undefined ? {} : { unknownBecause }) };
  return { ...base, proposal: idle * 2 > holds.length ? 'NARROW' : 'GO_LIVE' };
};
