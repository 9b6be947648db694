import type { KillSwitch } from '../../aws/systems-manager.ts';
import { UnreadableFactError } from '../../domain/errors.ts';
import { lowestMode, type Mode } from '../../domain/mode.ts';

/**
 * What may happen now: the lowest of the stage's mode, the kill switch and any others.
 *
 * @returns `undefined` when the kill switch cannot be read, with which every caller must do nothing new
 */
export const readModeOrUndefined = async (
  killSwitch: KillSwitch,
  stageMode: Mode,
  ...others: Mode[]
): Promise<Mode | undefined> => {
  try {
    return lowestMode(stageMode, (await killSwitch.read()).mode, ...others);
  } catch (error) {
    if (error instanceof UnreadableFactError) return undefined;
    throw error;
  }
};
