import { type AutoScalingGroup, inService } from '../auto-scaling-group.ts';
import { brokenNewcomersMax, doubtSeconds } from '../limits.ts';
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
  /** When people were told of it. */
  toldAt?: string;
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
 * before fail than pass, or where nothing passes: then the path of the health checks is at fault, or the load.
 *
 * @param group the group as described
 * @param known those found by looks before, also by looks of other holds on the group
 * @param health what was read of the health of its instances
 * @param now ISO 8601
 */
export const findBrokenNewcomers = (
  group: AutoScalingGroup,
  known: BrokenNewcomer[],
  health: InstanceHealth,
  now: string,
): BrokenNewcomer[] => {
  const knownById = new Map(known.map((newcomer) => [newcomer.instanceId, newcomer]));
  const isNewcomer = (id: string): boolean => health.newcomers.has(id) || knownById.has(id);
  const ids = inService(group).map(({ instanceId }) => instanceId);
  const others = ids.filter((id) => !isNewcomer(id));
  const failingOthers = others.filter((id) => health.unhealthyTargets.has(id));
  const doesAnyPass = ids.some((id) => !health.unhealthyTargets.has(id));
  const isBalancerBelieved = doesAnyPass && 2 * failingOthers.length <= others.length;
  const becauseOf = (id: string): BrokenNewcomer['because'] | undefined => {
    if (health.impaired.has(id)) return 'STATUS_IMPAIRED';
    return isBalancerBelieved && health.unhealthyTargets.has(id) ? 'TARGET_UNHEALTHY' : undefined;
  };
  // The grace period of a group begins when an instance comes into service, which nothing tells: it is left to it anew.
  const surelyAfterSeconds = Math.max(doubtSeconds, group.healthCheckGracePeriodSeconds ?? 0);
  return ids
    .flatMap((instanceId): BrokenNewcomer[] => {
      const because = becauseOf(instanceId);
      if (because === undefined || !isNewcomer(instanceId)) return [];
      const before = knownById.get(instanceId) ?? { instanceId, because, seenAt: now };
      const isConfirmed =
        before.confirmedAt === undefined && secondsBetween(before.seenAt, now) >= surelyAfterSeconds;
      return [{ ...before, because, ...(isConfirmed ? { confirmedAt: now } : {}) }];
    })
    .slice(0, brokenNewcomersMax);
};

/** Whether the health checks of the group itself will mark a newcomer: those of type EC2 do not ask its target groups. */
export const isFoundByChecks = (
  { checksEc2Only }: Pick<AutoScalingGroup, 'checksEc2Only'>,
  { because }: BrokenNewcomer,
): boolean => because === 'STATUS_IMPAIRED' || checksEc2Only !== true;

/** Those of them that two looks agree on. */
export const confirmedOf = (newcomers: BrokenNewcomer[] | undefined): BrokenNewcomer[] =>
  (newcomers ?? []).filter(({ confirmedAt }) => confirmedAt !== undefined);

/** Whether people should be told of them: some were not told, and there are twice as many as those that were told and stay. */
export const areWorthTelling = (confirmed: BrokenNewcomer[]): boolean => {
  const told = confirmed.filter(({ toldAt }) => toldAt !== undefined).length;
  return told < confirmed.length && confirmed.length >= 2 * told;
};
