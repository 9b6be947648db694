import { type HoldEffect, scaleInProcesses } from '../holds/settings.ts';

/**
 * What a `resize-in-place` hold does while instances are in Standby: nothing but the resize moves the group's size.
 * Never `Launch`: Standby cannot be left without it (as-enter-exit-standby).
 */
export const resizeEffect: HoldEffect = {
  processes: [...scaleInProcesses, 'AlarmNotification', 'ScheduledActions'],
  protectsInstances: false,
  keepsLaunch: true,
};

/** How resizing behaves; the policy's `with` or the input by hand. */
export interface ResizeSettings {
  /** In order of preference; `larger` is the next size above the launch template's type, of the same family. */
  instanceTypes: 'larger' | string[];
  /** Instances out of service at one time in a group, after the canary. */
  waveSize: number;
  /** The fewest in service and healthy that may be left: a number, or a percentage of what is now. */
  floor?: { instances: number } | { percent: number };
  reserveCapacity: boolean;
  snapshot: boolean;
  updateLaunchTemplate: boolean;
  /** Whether a group of one may be without any for a while. */
  allowDowntime: boolean;
  allowInstanceStoreLoss: boolean;
}
