/**
 * Target health as an Application Load Balancer judges it: a target changes its state only after several checks in
 * a row say so. Thresholds are a target group's settings.
 * Source: Elastic Load Balancing User Guide, "Health checks for your target groups".
 */
export interface TargetHealth {
  /** `initial` until the first verdict; AWS's own words for the rest. */
  state: 'initial' | 'healthy' | 'unhealthy';
  /** Checks in a row that contradict the state. */
  streak: number;
}

/** Checks in a row that make a healthy target unhealthy, and the reverse. */
const unhealthyThreshold = 3;
const healthyThreshold = 3;

/** A target that was just registered. */
export const registeredTarget = (): TargetHealth => ({ state: 'initial', streak: 0 });

/** The target after one more check. */
export const afterCheck = (target: TargetHealth, passed: boolean): TargetHealth => {
  const contradicts = target.state === 'healthy' ? !passed : passed;
  if (!contradicts) return { state: target.state, streak: 0 };
  const streak = target.streak + 1;
  if (target.state === 'healthy') {
    return streak >= unhealthyThreshold ? { state: 'unhealthy', streak: 0 } : { ...target, streak };
  }
  return streak >= healthyThreshold ? { state: 'healthy', streak: 0 } : { ...target, streak };
};
