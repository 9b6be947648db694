import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { KillSwitch } from '../../aws/systems-manager.ts';
import type { Clock } from '../../clock.ts';
import type { Mode } from '../../domain/mode.ts';
import type { Store } from '../../state/store.ts';

/** What a task needs that gives back: what was begun is given back whatever the kill switch says. */
export interface GiveBackDependencies {
  /** Auto Scaling as far as the mode allows: in any but `live` it only reads. */
  autoScaling: (mode: Mode) => AutoScaling;
  store: Store;
  clock: Clock;
  /** A new name for whoever takes a lease. */
  newOwner: () => string;
}

/** What every other task needs that may change groups. */
export interface TaskDependencies extends GiveBackDependencies {
  killSwitch: KillSwitch;
  /** The most that may happen in the stage. */
  stageMode: Mode;
}
