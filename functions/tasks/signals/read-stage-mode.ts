import type { KillSwitchState } from '../../aws/systems-manager.ts';
import { parseArn } from '../../domain/arn.ts';
import { UnknownModeError, UnreadableFactError } from '../../domain/errors.ts';
import { laterOf } from '../../domain/launches/launch-record.ts';
import type { Mode } from '../../domain/mode.ts';
import { lowestMode } from '../../domain/mode.ts';
import { readKillSwitchHistoryCommand, setKillSwitchCommand } from '../../domain/telling/commands.ts';
import type { StageMode } from '../../state/store.ts';
import { writeNotice } from '../incidents/emit-facts.ts';
import type { StartDependencies } from '../incidents/start-executions.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';

/** What reading the mode of a stage needs. */
type StageModeDependencies = Pick<TaskDependencies, 'killSwitch' | 'store' | 'clock' | 'stageMode'> &
  Pick<StartDependencies, 'stateMachineArns'>;

/** People are told of a word in the kill switch that means nothing, once for each word. */
const tellUnknownMode = async (
  { store, clock, stateMachineArns }: StageModeDependencies,
  { parameterName, word, message }: UnknownModeError,
): Promise<void> => {
  const [machine = ''] = Object.values(stateMachineArns);
  const { region } = parseArn(machine);
  const setMode = (mode: Mode): string => setKillSwitchCommand(region, parameterName, mode);
  await writeNotice(store, {
    kind: 'needs-a-person',
    at: clock.now(),
    incidentId: '',
    identity: `kill switch#${word}`,
    headline: 'Nothing new begins: unknown word in the kill switch',
    seen: message,
    done: [
      `The kill switch says "${word}", which Holdfast does not know. So nothing new begins, and no hold is renewed: each ends when it expires.`,
    ],
    todo: [
      `To see who wrote "${word}", and ask what was meant: ${readKillSwitchHistoryCommand(region, parameterName)}`,
      `If Holdfast should act as before: ${setMode('live')}`,
      `If it should only say what it would do, which releases every hold too: ${setMode('dry-run')}`,
      `If Holdfast should stop, which releases every hold: ${setMode('off')}`,
    ],
    next: 'The sweep looks again every five minutes.',
    undo: 'NOTHING',
  });
};

/**
 * What may happen, and since when: since the mode was last seen to be another, since an operator last wrote the kill
 * switch, or since the first sweep.
 *
 * @throws UnreadableFactError when that cannot be read; a word that means nothing is told to people first
 */
export const readStageMode = async (dependencies: StageModeDependencies): Promise<StageMode> => {
  const { killSwitch, store, clock, stageMode } = dependencies;
  let state: KillSwitchState;
  try {
    state = await killSwitch.read();
  } catch (error) {
    if (error instanceof UnknownModeError) await tellUnknownMode(dependencies, error);
    throw error instanceof UnreadableFactError
      ? new UnreadableFactError(`${error.message}; nothing was taken up`, { cause: error })
      : error;
  }
  const mode = lowestMode(stageMode, state.mode);
  const known = await store.readStageMode();
  const { changedAt } = state;
  if (known?.mode === mode) return { mode, since: laterOf(changedAt, known.since) };
  // The switch says itself since when; a mode that changed with a deployment was last seen to be another.
  const isSwitched = changedAt !== undefined && (known === undefined || changedAt > known.since);
  const seen: StageMode = { mode, since: isSwitched ? changedAt : clock.now() };
  await store.writeStageMode(seen);
  return seen;
};
