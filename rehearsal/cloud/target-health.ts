/**
 * Target health as an Application Load Balancer judges it: a target changes its state only after several checks in
 * a row say so. Thresholds are a target group's settings.
 * Source: Elastic Load Balancing User Guide, "Health checks for your target groups".
 */
export interface TargetHealth {
  /** `initial` until the first verdict; AWS's own words for the rest. */
  state: 'initial' | 'healthy' | 'unhealthy';
  /** Checks in a row that contradict the state; of a target that has none yet, those that failed are negative. */
  streak: number;
}

/** Checks in a row that make a healthy target unhealthy, and the reverse. */
const unhealthyThreshold = 3;
const healthyThreshold = 3;

/** A target that was just registered. */
export const registeredTarget = (): TargetHealth => ({ state: 'initial', streak: 0 });

/** The first verdict: a target that never passes a check is unhealthy in the end. */
const afterFirstChecks = ({ streak }: TargetHealth, passed: boolean): TargetHealth => {
  const next = passed ? Math.max(0, streak) + 1 : Math.min(0, streak) - 1;
  if (next >= healthyThreshold) return { state: 'healthy', streak: 0 };
  return next <= -unhealthyThreshold ? { state: 'unhealthy', streak: 0 } : { state: 'initial', streak: next };
};

/** The target after one more check. */
export const afterCheck = (target: TargetHealth, passed: boolean): TargetHealth => {
  if (target.state === 'initial') return afterFirstChecks(target, passed);
  const contradicts = target.state === 'healthy' ? !passed : passed;
  if (!contradicts) return target.streak === 0 ? target : { state: target.state, streak: 0 };
  const streak = target.streak + 1;
  if (target.state === 'healthy') {
    return streak >= unhealthyThreshold ? { state: 'unhealthy', streak: 0 } : { ...target, streak };
  }
  return streak >= healthyThreshold ? { state: 'healthy', streak: 0 } : { ...target, streak };
};
