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

/** Whether a text, such as the value of the kill switch parameter, is a mode. */
export const isMode = (text: string | undefined): text is Mode => text !== undefined && text in rank;
