/**
 * How much may happen.
 * - `live`: observe, decide, act.
 * - `dry-run`: observe, decide, report; change nothing.
 * - `off`: start nothing. What was already done is still given back.
 */
export type Mode = 'live' | 'dry-run' | 'off';

const rank: Record<Mode, number> = { off: 0, 'dry-run': 1, live: 2 };

/** The most cautious of several modes: stage, kill switch and input can each only lower what may happen. */
export const lowestMode = (...modes: Mode[]): Mode =>
  modes.reduce((lowest, mode) => (rank[mode] < rank[lowest] ? mode : lowest), 'live');

/** The mode that a text names, case, space and quotes forgiven; `undefined` for any other word. */
export const parseMode = (text: string | undefined): Mode | undefined => {
  const word = text?.replaceAll(/^["'\s]+|["'\s]+$/g, '').toLowerCase();
  return word !== undefined && Object.hasOwn(rank, word) ? (word as Mode) : undefined;
};
