import pThrottle from 'p-throttle';
import type { CloudTrail } from '../../functions/aws/cloudtrail.ts';
import type { PastHold } from '../../functions/domain/backtest/decide-backtest.ts';
import type { TrailEvent } from '../../functions/domain/holds/explain-overrides.ts';
import { parseTrailEvent } from '../../functions/events/cloudtrail-event.ts';
import type { Rule } from '../../functions/events/policy.ts';

/** What somebody did to a group while a rule would have held it. */
export interface PastDeed {
  autoScalingGroupName: string;
  /** ISO 8601. */
  at: string;
  who: string;
  /** With what, where CloudTrail tells. */
  tool?: string;
  eventName: string;
  /**
   * - `agrees`: they did by hand what the rule would have done.
   * - `conflicts`: they did the opposite, and would have met the hold.
   */
  verdict: 'agrees' | 'conflicts';
}

/** What people do to a group that a hold does too, or undoes. */
const eventNames = ['SuspendProcesses', 'ResumeProcesses', 'SetInstanceProtection'] as const;

/** Holds whose time is looked at: CloudTrail answers two calls a second (CloudTrail API reference, LookupEvents). */
export const holdsLookedAt = 10;

const verdictOf = (
  { settings: { effect } }: Rule,
  { eventName, processes, protectedFromScaleIn }: TrailEvent,
): PastDeed['verdict'] | undefined => {
  if (eventName === 'SetInstanceProtection') {
    if (!effect.protectsInstances) return undefined;
    return protectedFromScaleIn === true ? 'agrees' : 'conflicts';
  }
  // None named means all of them.
  const isOurs =
    processes.length === 0 || processes.some((process) => effect.processes.includes(process as never));
  if (!isOurs) return undefined;
  return eventName === 'SuspendProcesses' ? 'agrees' : 'conflicts';
};

/** What of some events people did to the groups of a hold; Holdfast's own calls are left out. */
export const deedsOf = (rule: Rule, hold: PastHold, events: TrailEvent[]): PastDeed[] =>
  events
    .filter(
      ({ at, autoScalingGroupName, isOurs }) =>
        !isOurs && at >= hold.from && at < hold.until && hold.groups.includes(autoScalingGroupName),
    )
    .flatMap((event): PastDeed[] => {
      const verdict = verdictOf(rule, event);
      const { autoScalingGroupName, at, who, tool, eventName } = event;
      const deed = { autoScalingGroupName, at, who, ...(tool === undefined ? {} : { tool }), eventName };
      return verdict === undefined ? [] : [{ ...deed, verdict }];
    })
    .sort((a, b) => (a.at < b.at ? -1 : 1));

/** Reads what CloudTrail knows of the time of a hold. */
export const createTrailReader = (cloudTrail: CloudTrail): ((hold: PastHold) => Promise<TrailEvent[]>) => {
  const lookup = pThrottle({ limit: 2, interval: 1000 })(cloudTrail.lookupEvents);
  return async ({ from, until }) => {
    const found: TrailEvent[] = [];
    for (const name of eventNames) {
      for (const json of await lookup(name, from, until)) {
        const event = parseTrailEvent(json);
        if (event !== undefined) found.push(event);
      }
    }
    return found;
  };
};
