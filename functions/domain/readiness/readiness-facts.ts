import type { AutoScalingGroup } from '../auto-scaling-group.ts';
import type { Mode } from '../mode.ts';

/** An alarm, as far as a rule depends on it. */
export interface AlarmFacts {
  alarmName: string;
  value: string;
  /** Why nothing is started for it although it goes into ALARM. */
  suppressedBecause?: string;
  /** What CloudWatch takes missing data for; absent for alarms that have no such setting. */
  treatMissingData?: string;
  /** What it watches, where that is no metric and no other alarm. */
  kind?: 'log';
  /** That its metric had no data for a day; asked only of alarms that do not say so by their state. */
  hasNoData?: true;
}

/** A launch hook of a group. */
export interface HookFacts {
  lifecycleHookName: string;
  heartbeatTimeoutSeconds: number;
  defaultResult: string;
}

/** Whether instances of a group can be resized now, and what stands against it. */
export interface TriedResize {
  autoScalingGroupName: string;
  isFit: boolean;
  text: string;
}

/** Subscriptions of a topic that are confirmed, and those that wait for somebody to confirm them; `NO_TOPIC` where there is no topic. */
export type SubscriptionCounts = { confirmed: number; pending: number } | 'NO_TOPIC';

/** Rules by which two policies differ, by name. */
export interface PolicyDifference {
  changed: string[];
  onlyHere: string[];
  onlyDeployed: string[];
}

/** What somebody above the roles of a stage denies one of them. */
export interface RoleDenial {
  functionName: string;
  /** A permissions boundary of the role, or a policy of the organization. */
  by: 'BOUNDARY' | 'ORGANIZATION';
  actions: string[];
}

/** What one rule depends on, as it is. */
export interface RuleFacts {
  rule: string;
  /** The alarms that its patterns fit; absent for a rule that waits for none, and where they cannot be read. */
  alarms?: AlarmFacts[];
  /** Those of its patterns that no alarm fits. */
  patternsWithoutAlarm?: string[];
  /** Other alarms, where a pattern fits none: the first of them by name, how many there are, and the one most likely meant. */
  otherAlarms?: { names: string[]; count: number; nearest?: string };
  /** The groups that carry its tags, opted in or not; absent where they cannot be read. */
  groups?: AutoScalingGroup[];
  /** The launch hooks of groups that opted in, by group, where the rule drains. */
  hooks?: Map<string, HookFacts[]>;
  /** What a resize of the rule finds now, by group. */
  resizes?: TriedResize[];
}

/** A deployed stage, as it is. */
export interface StageFacts {
  stage: string;
  isDeployed: boolean;
  /** The most that the stage may do; where it is not known, it may do everything. */
  stageMode?: Mode;
  /** What the kill switch allows; the word in it where that means nothing. */
  killSwitch?: Mode | { unknownWord: string };
  subscriptions?: SubscriptionCounts;
  /** How the policy that is looked at differs from the one that the stage runs; absent where it is the same, or not known. */
  policyDifference?: PolicyDifference;
  /** What is denied to its roles. */
  roleDenials?: RoleDenial[];
}

/** Something that could not be read, and why. */
export interface UnreadableFact {
  /** The rule that it is about; absent for the stage. */
  rule?: string;
  what: string;
  because: string;
  /** That it is about a warning only: a rule can do its work all the same. */
  isMinor?: true;
}

/** Everything that a check rests on. */
export interface ReadinessFacts {
  rules: RuleFacts[];
  /** Absent where nothing deployed is looked at. */
  stage?: StageFacts;
  unreadable: UnreadableFact[];
}
