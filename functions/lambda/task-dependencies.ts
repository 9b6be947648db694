import type { TaskDependencies } from '../tasks/incidents/task-dependencies.ts';
import { giveBackDependencies } from './give-back-dependencies.ts';
import { killSwitchOf } from './kill-switch.ts';
import type { Runtime } from './runtime.ts';

/** What every function is wired with that may change groups. */
export const taskDependencies = (runtime: Runtime): TaskDependencies => ({
  ...giveBackDependencies(runtime),
  killSwitch: killSwitchOf(runtime),
  stageMode: runtime.config.stageMode,
});
