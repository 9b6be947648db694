import { resizePauseSeconds } from '../limits.ts';
import type { ResizeWait } from './decide-resize-step.ts';
import type { WaveNeed } from './decide-wave.ts';

/** What is done first when several groups need something: what brings capacity back, then what takes it. */
const order: WaveNeed[] = [
  'ExitStandby',
  'StartInstance',
  'ChangeInstanceType',
  'StopInstance',
  'PrepareGroup',
  'ReserveCapacity',
  'EnterStandby',
  'ApplyHold',
  'RestoreGroup',
  'UpdateLaunchTemplate',
];
const waits: ResizeWait[] = ['Standby', 'Stop', 'Start', 'StatusChecks', 'Service'];

/** The next state of the state machine. */
export type NextState = Extract<WaveNeed, string> | `WaitFor${ResizeWait | 'Group'}` | 'End';

/**
 * Seconds until the next look: short where what is waited for may show at any moment, longer where AWS itself looks
 * once a minute (status checks).
 */
export const pauseSeconds = (next: string): number =>
  next === 'WaitForStatusChecks' ? 2 * resizePauseSeconds : resizePauseSeconds;

/**
 * The one state that comes next, of all that the groups need. A step that could not be taken does not stand in the way
 * of the others: they are taken first, and then it is waited.
 *
 * @param needs of all groups; none when nothing of the run is left
 * @param tried steps that could not be taken since it was last waited
 */
export const nextState = (needs: WaveNeed[], tried: string[]): NextState => {
  if (needs.length === 0) return 'End';
  const due = order.find((need) => typeof need === 'string' && needs.includes(need) && !tried.includes(need));
  if (typeof due === 'string') return due;
  const waited = waits.find((waitsFor) =>
    needs.some((need) => typeof need === 'object' && need.waitsFor === waitsFor),
  );
  return `WaitFor${waited ?? 'Group'}`;
};
