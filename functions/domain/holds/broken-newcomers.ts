import { type AutoScalingGroup, inService } from '../auto-scaling-group.ts';
import { doubtSeconds } from '../limits.ts';
import { addSeconds, secondsBetween } from '../times.ts';

/**
 * An instance that was started shortly before a hold or during it, is in service, and does not work. While HealthCheck is
 * suspended no mark tells it from the others.
 */
export interface BrokenNewcomer {
  instanceId: string;
  because: 'TARGET_UNHEALTHY' | 'STATUS_IMPAIRED';
  /** When it was first seen so. */
  seenAt: string;
  /** When it was seen so once more, long enough after that. */
  confirmedAt?: string;
}

/** What was read of the instances of a group. */
export interface InstanceHealth {
  /** When its newcomers were started, ISO 8601. */
  newcomers: Map<string, string>;
  /** Ids that a target group finds unhealthy. */
  unhealthyTargets: Set<string>;
  /** Ids, of newcomers, of which a status check has failed. */
  impaired: Set<string>;
}

/** An alarm follows what it is about by minutes: what was launched in them is a newcomer too. */
const beforeHoldSeconds = 900;

/** Since when an instance must have been started to be a newcomer to a hold. */
export const newcomersSince = (heldAt: string): string => addSeconds(heldAt, -beforeHoldSeconds);

/**
 * Finds the broken newcomers of a group. What target groups say does not count where more of the instances that were there
 * before fail than pass: then the path of the health checks is at fault, or the load.
 *
 * @param group the group as described
 * @param known those found by looks before
 * @param health what was read of the health of its instances
 * @param now ISO 8601
 */
export const findBrokenNewcomers = (
  group: AutoScalingGroup,
  known: BrokenNewcomer[],
  health: InstanceHealth,
  now: string,
): BrokenNewcomer[] => {
  const isPastGracePeriod = (startedAt: string): boolean =>
    secondsBetween(startedAt, now) > (group.healthCheckGracePeriodSeconds ?? 0);
  const ids = inService(group).map(({ instanceId }) => instanceId);
  const others = ids.filter((id) => !health.newcomers.has(id));
  const failingOthers = others.filter((id) => health.unhealthyTargets.has(id));
  const isBalancerBelieved = 2 * failingOthers.length <= others.length;
  const becauseOf = (id: string): BrokenNewcomer['because'] | undefined => {
    if (health.impaired.has(id)) return 'STATUS_IMPAIRED';
    return isBalancerBelieved && health.unhealthyTargets.has(id) ? 'TARGET_UNHEALTHY' : undefined;
  };
  return ids.flatMap((instanceId): BrokenNewcomer[] => {
    const because = becauseOf(instanceId);
    const startedAt = health.newcomers.get(instanceId);
    if (because === undefined || startedAt === undefined || !isPastGracePeriod(startedAt)) return [];
    const before = known.find((each) => each.instanceId === instanceId);
    if (before === undefined) return [{ instanceId, because, seenAt: now }];
    const isConfirmed =
      before.confirmedAt === undefined && secondsBetween(before.seenAt, now) >= doubtSeconds;
    return [{ ...before, because, ...(isConfirmed ? { confirmedAt: now } : {}) }];
  });
};

/** Whether the health checks of the group itself will mark a newcomer: those of type EC2 do not ask its target groups. */
export const isFoundByChecks = (
  { checksEc2Only }: Pick<AutoScalingGroup, 'checksEc2Only'>,
  { because }: BrokenNewcomer,
): boolean => because === 'STATUS_IMPAIRED' || checksEc2Only !== true;

/** Those of them that two looks agree on. */
export const confirmedOf = (newcomers: BrokenNewcomer[] | undefined): BrokenNewcomer[] =>
  (newcomers ?? []).filter(({ confirmedAt }) => confirmedAt !== undefined);
