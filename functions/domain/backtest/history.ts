/** A change of state of an alarm, as CloudWatch keeps it for 30 days. */
export interface AlarmChange {
  alarmName: string;
  /** ISO 8601. */
  at: string;
  value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** Of an OK: whether it is only for want of data. */
  lacksData?: boolean;
}

/** Why Auto Scaling took an instance, as far as its sentence says so. */
export type TakenBecause =
  | 'scale-in'
  | 'unhealthy'
  | 'rebalance'
  | 'instance refresh'
  | 'a person'
  | 'something else';

/** A scaling activity, as Auto Scaling keeps it for six weeks. */
export interface PastActivity {
  autoScalingGroupName: string;
  activityId: string;
  kind: 'launch' | 'termination' | 'other';
  /** ISO 8601. */
  startedAt: string;
  /** Absent while it goes on. */
  endedAt?: string;
  hasFailed: boolean;
  /** Of a termination. */
  because?: TakenBecause;
}

/** What happened in the past, as far as it can be read. */
export interface History {
  /** ISO 8601. */
  from: string;
  until: string;
  /** Oldest first. */
  alarms: AlarmChange[];
  /** Oldest first. */
  activities: PastActivity[];
  /** The alarms that there are, whether they ever changed. */
  alarmNames: string[];
}
